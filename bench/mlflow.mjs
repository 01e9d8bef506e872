import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './timing.mjs';

/** MLflow with SQLite and 10,000 runs, in the same run: CPU seconds for the ten best. */
export function comparePeer({ root, assay, scratch, measure, makeClone, add, tell }) {
  const python = process.env.PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import mlflow']).status !== 0) {
    tell('top 10 of 10,000 runs / mlflow', `skipped: no mlflow for ${python} (pip install mlflow==3.17.2)`);
    return;
  }
  const folder = join(scratch, 'mlflow');
  mkdirSync(folder);
  const env = {
    MLFLOW_TRACKING_URI: `sqlite:///${folder}/mlflow.db`,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
  };
  writeFileSync(
    join(folder, 'fill.py'),
    // One run as the client writes it, and its rows 9,999 times more: through the client it takes minutes and ends the same.
    `import mlflow, random, sqlite3, uuid
from mlflow.entities import Metric, Param
c = mlflow.MlflowClient()
e = c.create_experiment('bench')
r = c.create_run(e)
c.log_batch(r.info.run_id, metrics=[Metric(n, 0.5, 0, 0) for n in ['accuracy','roc_auc','average_precision','log_loss','brier','f1_macro','precision','recall']],
  params=[Param(n, '1') for n in ['learning_rate','depth','loss','subsample','trees','note']])
c.set_terminated(r.info.run_id)
random.seed(1)
db = sqlite3.connect('mlflow.db')
tables = {}
for (name,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
    columns = [row[1] for row in db.execute(f'pragma table_info({name})')]
    if 'run_uuid' in columns:
        found = db.execute(f'select * from {name} where run_uuid = ?', (r.info.run_id,)).fetchall()
        if found: tables[name] = (columns, found)
assert {'runs', 'latest_metrics', 'metrics', 'params'} <= tables.keys(), tables.keys()
order = ['runs'] + [name for name in tables if name != 'runs']
for i in range(9999):
    run = uuid.UUID(int=random.getrandbits(128)).hex
    for name in order:
        columns, found = tables[name]
        for row in found:
            values = dict(zip(columns, row), run_uuid=run)
            if name in ('metrics', 'latest_metrics'): values['value'] = random.random()
            if name == 'params': values['value'] = str(random.random())
            db.execute(f"insert into {name} ({','.join(columns)}) values ({','.join('?' * len(columns))})", list(values.values()))
db.commit()
assert db.execute('select count(*) from runs').fetchone() == (10000,)
`,
  );
  writeFileSync(
    join(folder, 'top.py'),
    `import mlflow
print(mlflow.search_runs(experiment_names=['bench'], order_by=['metrics.roc_auc DESC'], max_results=10)[['run_id', 'metrics.roc_auc']])
`,
  );
  measure(python, ['fill.py'], { cwd: folder, env });
  const mine = makeClone('ten-thousand', join(scratch, 'none.git'));
  execFileSync(
    'node',
    [
      '-e',
      `import(${JSON.stringify(join(root, 'bench/many-runs.mjs'))}).then((m) => m.writeHistory(process.cwd(), m.manyRuns(10000)))`,
    ],
    { cwd: mine },
  );
  const query = [assay, 'runs', '--sort', '-roc_auc', '--limit', '10', '--quiet'];
  const cold = measure('node', query, { cwd: mine });
  const pairs = Array.from({ length: 3 }, () => ({
    peer: measure(python, ['top.py'], { cwd: folder, env }),
    own: measure('node', query, { cwd: mine }),
  }));
  const share = median(pairs.map(({ own, peer }) => own.cpu / peer.cpu));
  const peer = median(pairs.map((pair) => pair.peer.cpu));
  add(
    `top 10 of 10,000 runs, CPU / mlflow search_runs (${peer.toFixed(1)} s)`,
    `${share.toFixed(2)}×`,
    '≤ 0.1×',
    share <= 0.1,
  );
  tell('  the first time, CPU / mlflow', `${(cold.cpu / peer).toFixed(2)}×`);
}
