// A team's own deployment: puts the model where the service reads it. `--check` asks whether it answers.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { predict } from './boosting.mjs';

const [live, before] = ['live', 'live.before'];
if (process.argv.includes('--check')) {
  const model = JSON.parse(readFileSync(join(live, 'model.json'), 'utf8'));
  const columns = model.features.map(() => Uint8Array.of(1));
  const score = predict(model, columns, 0);
  if (!(score > 0 && score < 1)) throw new Error(`the model answers ${score}`);
  console.log(`version ${readFileSync(join(live, 'version'), 'utf8')} answers ${score.toFixed(3)}`);
} else if (process.argv.includes('--undo')) {
  rmSync(live, { recursive: true, force: true });
  if (existsSync(before)) cpSync(before, live, { recursive: true });
} else {
  rmSync(before, { recursive: true, force: true });
  if (existsSync(live)) cpSync(live, before, { recursive: true });
  mkdirSync(live, { recursive: true });
  copyFileSync(join(process.env.ASSAY_ARTIFACTS, 'model.json'), join(live, 'model.json'));
  writeFileSync(join(live, 'version'), process.env.ASSAY_VERSION);
}
