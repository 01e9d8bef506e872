import { OutsideError, UserError } from '../../errors.js';
import { terminalText } from '../../report/escape.js';

/** What S3 refuses, in our words: what happened and the next step. */

export interface Refusal {
  /** `GET`, `PUT` … */
  readonly method: string;
  /** `s3://bucket/key`. */
  readonly what: string;
  readonly status: number;
  /** S3's own: `AccessDenied`; empty when it gave none. */
  readonly code: string;
  readonly message: string;
  /** Where the bucket is, when S3 said so. */
  readonly region: string | undefined;
}

const RESUME = 'what was stored is kept; run the same command again to go on';

export function explainRefusal(refusal: Refusal): UserError | OutsideError {
  const { method, what, status, code } = refusal;
  const said = [code, refusal.message].filter((part) => part !== '').join(': ');
  const message = `S3 refuses ${method} ${what} (${status}${said ? `, ${terminalText(said, 200)}` : ''})`;
  const user = (mend: string) => new UserError(message, { mend });
  const outside = (mend: string) => new OutsideError(message, { mend });
  if (refusal.region !== undefined)
    return user(`the bucket is in ${terminalText(refusal.region, 40)}: set AWS_REGION to that`);
  switch (code) {
    case 'NoSuchBucket':
      return user(
        'make the bucket, or mend artifacts.s3 in assay.yml (and AWS_ENDPOINT_URL, when it is not on AWS)',
      );
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'InvalidClientTokenId':
    case 'InvalidToken':
    case 'AuthFailure':
      return user(
        'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN do not belong together, or not to this service',
      );
    case 'ExpiredToken':
    case 'ExpiredTokenException':
      return outside(
        `the credentials have expired: get new ones (in a workflow: run aws-actions/configure-aws-credentials again, with a longer role-duration-seconds); ${RESUME}`,
      );
    case 'RequestTimeTooSkewed':
      return user('the clock of this machine is wrong: set it by NTP');
    case 'InvalidObjectState':
      return user('the object is in an archive class: restore it, and keep lifecycle rules off this prefix');
    default:
      break;
  }
  if (status === 401 || status === 403) {
    return user(
      'the credentials need s3:GetObject, s3:PutObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on the objects, and s3:ListBucket and s3:ListBucketMultipartUploads on the bucket (s3:DeleteObject for assay prune)',
    );
  }
  return outside(status >= 500 || status === 429 ? RESUME : 'please report it with this message');
}
