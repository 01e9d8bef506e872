import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directionOf, HIGHER_IS_BETTER, LOWER_IS_BETTER, NO_DIRECTION } from './direction.js';

describe('directionOf', () => {
  it.each([
    ['accuracy', 'higher'],
    ['Accuracy', 'higher'],
    ['test.accuracy', 'higher'],
    ['val_loss', 'lower'],
    ['eval/f1', 'higher'],
    ['f1_macro', 'higher'],
    ['macro_f1', 'higher'],
    ['f1-score', 'higher'],
    ['weighted avg.f1-score', 'higher'],
    ['test_r2_score', 'higher'],
    ['ndcg_at_10_linear', 'higher'],
    ['ndcg@10', 'higher'],
    ['precision_at_k', 'higher'],
    ['recall@5', 'higher'],
    ['roc_auc_ovr_macro', 'higher'],
    ['top5_acc', 'none'],
    ['neg_log_loss', 'higher'],
    ['average_precision', 'higher'],
    ['log_loss', 'lower'],
    ['focal_loss', 'lower'],
    ['valLoss', 'lower'],
    ['brier_score', 'lower'],
    ['ece_10_equal_width', 'lower'],
    ['latency_ms', 'lower'],
    ['latency_p95_ms', 'lower'],
    ['latency', 'lower'],
    ['train_seconds', 'lower'],
    ['model_bytes', 'lower'],
    ['mean_absolute_error', 'lower'],
    ['false_positive_rate', 'lower'],
    ['word_error_rate', 'lower'],
    ['selection_rate', 'none'],
    ['bias', 'none'],
  ] as const)('%s is %s', (name, direction) => {
    expect(directionOf(name, {})).toBe(direction);
  });

  it.each([
    'accuracy_std',
    'acc_stderr',
    'f1_threshold',
    'recall_gap',
    'roc_auc_delta',
    'auc_drop',
    'loss_weight',
    'best_loss',
    'n_loss',
    'neg_loss',
    'loss_scale',
    'uptime_seconds',
    'timestamp_ms',
    'timeout_seconds',
    'processed_bytes',
    'learning_rate',
    'epoch',
    'gini',
    'score',
    'ms',
    'constructor',
    '__proto__',
    '',
    '...',
  ])('%s is not known', (name) => {
    expect(directionOf(name, {})).toBe('none');
  });

  it('lets a rule win, for the whole name first and then for its last part', () => {
    expect(directionOf('accuracy', { accuracy: { direction: 'lower' } })).toBe('lower');
    expect(directionOf('test.gini', { gini: { direction: 'higher' } })).toBe('higher');
    const rules = { gini: { direction: 'higher' }, 'test.gini': { direction: 'none' } } as const;
    expect(directionOf('test.gini', rules)).toBe('none');
  });

  it('keeps what is known when a rule says nothing of direction', () => {
    expect(directionOf('accuracy', { accuracy: {} })).toBe('higher');
  });

  it('has each name once', () => {
    const names = [...HIGHER_IS_BETTER, ...LOWER_IS_BETTER, ...NO_DIRECTION];
    expect(new Set(names).size).toBe(names.length);
    for (const name of HIGHER_IS_BETTER) expect(directionOf(name, {})).toBe('higher');
    for (const name of LOWER_IS_BETTER) expect(directionOf(name, {})).toBe('lower');
  });

  it('answers for any text at all', () => {
    fc.assert(
      fc.property(fc.string(), (name) => ['higher', 'lower', 'none'].includes(directionOf(name, {}))),
    );
  });
});
