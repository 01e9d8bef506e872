import { UserError } from '../../errors.js';

/** A reason that a person must give. Throws UserError when it is missing, blank or longer than 1,000 characters. */
export function requiredReason(option: string, text: string | undefined): string {
  const reason = text?.trim() ?? '';
  if (reason === '') {
    throw new UserError(`${option} needs a reason`, {
      mend: `say why in a few words: ${option} "…"; it is kept in the record`,
    });
  }
  if (reason.length > 1000) {
    throw new UserError(`the reason after ${option} has ${reason.length} characters`, {
      mend: 'say it in at most 1,000, and link to the rest',
    });
  }
  return reason;
}
