"""Which of three cultivars a wine is from: a team's own training script. It imports nothing of Assay."""

import json
import os

import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

params = {"trees": 50, "max_features": 3}
if "ASSAY_PARAMS" in os.environ:
    with open(os.environ["ASSAY_PARAMS"]) as file:
        params = json.load(file)
seed = int(os.environ.get("ASSAY_SEED", 1))
data = pd.read_csv(os.environ.get("ASSAY_DATA_WINE", "data/wine.csv"))

features = data.drop(columns=["id", "cultivar"])
model = RandomForestClassifier(
    n_estimators=params["trees"], max_features=params["max_features"], random_state=seed
)
# Every wine is predicted by a model that has not seen it.
folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)
scores = cross_val_predict(model, features, data["cultivar"], cv=folds, method="predict_proba")
model.fit(features, data["cultivar"])

os.makedirs("out", exist_ok=True)
predictions = pd.DataFrame(scores, columns=[f"p[{label}]" for label in model.classes_])
predictions.insert(0, "y_pred", model.classes_[scores.argmax(axis=1)])
predictions.insert(0, "y_true", data["cultivar"])
predictions.insert(0, "id", data["id"])
predictions.to_csv("out/predictions.csv", index=False)
joblib.dump(model, "out/model.joblib")
with open("out/metrics.json", "w") as file:
    json.dump({"trees": {"mean_depth": sum(t.get_depth() for t in model.estimators_) / len(model.estimators_)}}, file)
print(f"{len(data)} wines, {len(model.estimators_)} trees")
