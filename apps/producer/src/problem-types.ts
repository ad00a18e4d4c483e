/** The problem types that this service answers with, and what their pages say. */
import { TOO_MANY_EXPORTS } from '@parcelpost/shared/db/services/limits.js';
import { OVER_QUOTA } from '@parcelpost/shared/db/services/project-quota.js';
import { TOO_MANY_UPLOADS } from '@parcelpost/shared/db/services/upload-limits.js';
import { FILE_PROBLEMS } from '@parcelpost/shared/files/problems.js';
import { TOKEN_PROBLEMS } from '@parcelpost/shared/tokens/problems.js';
import { PATH_PROBLEMS } from '@parcelpost/shared/tokens/raw-path.js';

export interface ProblemType {
  status: number;
  title: string;
  /** For the page of the type: when it is answered, and what to do. */
  about: string;
}

const ours = {
  'bad-request': {
    status: 400,
    title: 'The request cannot be read',
    about: 'What arrived is not an HTTP request that this service can answer. Check the client that sent it.',
  },
  'invalid-json': {
    status: 400,
    title: 'The body is not valid JSON',
    about: 'The body has to be JSON (RFC 8259), in UTF-8, whole. Check quotes, commas and Content-Length.',
  },
  'invalid-parameter': {
    status: 400,
    title: 'A parameter is not valid',
    about:
      'A parameter of the query or the path, or a field of a form, has a value that is not allowed; `errors` names each one.',
  },
  'invalid-request': {
    status: 422,
    title: 'The request is not valid',
    about:
      'The body is JSON, but not a request that can be done: a field is unknown, missing or wrong, or a follow-up names ' +
      'no known task. `errors` points at each field by JSON Pointer (RFC 6901).',
  },
  'project-not-found': {
    status: 404,
    title: 'There is no such project',
    about: 'No project has this organization and name, or you may not know that it exists.',
  },
  'project-not-permitted': {
    status: 403,
    title: 'The user may not see this project',
    about:
      'The token is right, but its user may not, or may no longer, see this project. A token restricts its user and ' +
      'never adds rights. Ask the organization for membership.',
  },
  'export-not-permitted': {
    status: 403,
    title: 'You may not export this project',
    about: 'Public projects can be seen by everybody, but only their members may export them.',
  },
  'project-archived': {
    status: 403,
    title: 'The project is archived',
    about:
      'A project that is archived can be seen as before, and so can the exports that were made of it; a new export is for ' +
      'administrators of the project or its organization to ask for, and nothing is added to its data. Ask one of them, ' +
      'or have the project taken back.',
  },
  'export-not-found': {
    status: 404,
    title: 'There is no such export',
    about: 'No export has this id, or it belongs to a project of which you are not a member.',
  },
  'bulk-not-found': {
    status: 404,
    title: 'There is no such bulk work',
    about: 'No bulk work of yours has this id. It is forgotten a week after it was asked for.',
  },
  'too-many-bulks': {
    status: 429,
    title: 'There is too much bulk work',
    about:
      'You have as many bulks that are not done yet as this service takes of one person (BULKS_OPEN_PER_PERSON). Wait until one ' +
      'is done, or cancel one; Retry-After tells in how many seconds to look again. A repeat by an Idempotency-Key is not counted.',
  },
  'idempotency-key-malformed': {
    status: 400,
    title: 'The Idempotency-Key is malformed',
    about:
      'Idempotency-Key is one String of structured fields (RFC 9651): 1 to 255 printable ASCII characters in double ' +
      'quotes, such as "8e03978e-40d5-43dd-bc93-6894a57f9324". Quotes may be left away where it is made of letters, ' +
      'digits and -._~:/+= alone.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    about:
      'You have used this Idempotency-Key within the last 24 hours for something else than what is asked now. A key ' +
      'stands for one request; make a new one for each. Repeat the first request as it was to get its export again.',
  },
  'idempotency-key-not-taken': {
    status: 400,
    title: 'No Idempotency-Key is taken here',
    about:
      'Only a request for an export bears an Idempotency-Key. An export is tried again once, however often that is ' +
      'asked: leave the key out, and take a 409 that says it is being tried again for the answer to a repeat.',
  },
  'idempotency-key-busy': {
    status: 409,
    title: 'The first request of this Idempotency-Key is being recorded',
    about:
      'A request with this Idempotency-Key is being answered at this moment. Wait for it, or repeat it in a second.',
  },
  [TOO_MANY_EXPORTS.type]: {
    status: TOO_MANY_EXPORTS.status,
    title: TOO_MANY_EXPORTS.title,
    about:
      'This service limits how many exports of one person, and of one project, are in flight at once and are asked for within ' +
      'an hour. The member `limit` names the limit that was met; Retry-After tells in how many seconds to try again. Requests ' +
      'that join an identical one that is running, and repeats by an Idempotency-Key, are not counted.',
  },
  [OVER_QUOTA.type]: {
    status: OVER_QUOTA.status,
    title: OVER_QUOTA.title,
    about:
      'This service limits how much of a project lies in storage (PROJECT_QUOTA_MB): its bundles, the files that were added to ' +
      'it, and what its exports in flight are expected to add. The member `quota` tells how much of each there is, in bytes, and ' +
      'names the largest bundles. Nothing is removed to make room: let go what nobody needs (DELETE /api/v1/exports/:id/bundle; ' +
      'of a pinned one the pin first), or wait until bundles expire.',
  },
  'export-not-yours': {
    status: 403,
    title: 'The export is somebody else’s',
    about:
      'Only the person who asked for an export, and administrators of its project or organization, may cancel it or ' +
      'have it tried again.',
  },
  'export-decided': {
    status: 409,
    title: 'The export has come to its end',
    about: 'An export that is completed, partial or failed cannot be cancelled any more.',
  },
  'export-not-retryable': {
    status: 409,
    title: 'The export cannot be tried again',
    about:
      'Only an export that failed, was cancelled, or is partial with its files still there can be tried again. One that ' +
      'runs comes to its end by itself; in place of one that is completed or expired, ask for a new one.',
  },
  'export-identical-running': {
    status: 409,
    title: 'The same export is running already',
    about:
      'The same person has asked for the same export again, and that one is running. Wait for it, or cancel it, before ' +
      'this one is tried again.',
  },
  'export-unfinished': {
    status: 409,
    title: 'The export has not finished',
    about: 'There is nothing to download yet. Follow the events of the export, or ask for its state again.',
  },
  'export-without-file': {
    status: 409,
    title: 'The export left no file',
    about: 'The export failed or was cancelled; its state says why. A bundle is whole or absent. Ask for a new export.',
  },
  'renewal-not-needed': {
    status: 409,
    title: 'There is nothing to renew',
    about:
      'Only a completed export whose files are there, and that a newer version of the software would make otherwise, can be renewed; ' +
      'its `renewal` says whether that is so. Ask for a new export to get newer data.',
  },
  'form-out-of-date': {
    status: 403,
    title: 'The form is out of date',
    about:
      'The form was sent without the token that its page has, or with one of another session: the page was opened before ' +
      'signing in, or too long ago. Open the page again, and send the form from there.',
  },
  'too-many-streams': {
    status: 503,
    title: 'Too many event streams are open',
    about:
      'This service keeps a limited number of event streams open (EVENT_STREAMS), and so many of one person ' +
      '(EVENT_STREAMS_PER_PERSON). Close those that are not needed; until there is room, ask for the state of the export now ' +
      'and then. Retry-After tells in how many seconds to try again.',
  },
  'snapshot-gone': {
    status: 410,
    title: 'The snapshot is gone',
    about:
      'A consistent view of a project (`snapshot`) is held open for a limited time, and is lost where the process that holds it ' +
      'ends. Read the project afresh, with a new one or without, and do not mix what was read in it with what is read now.',
  },
  'export-expired': {
    status: 410,
    title: 'The files of this export have expired',
    about:
      'Files are kept for a limited time and are gone for good; what the export was is still known. The member `expired` names ' +
      'the export, when its files expired, and the request that asks for a new one.',
  },
  'export-pinned': {
    status: 409,
    title: 'The files of the export are pinned',
    about: 'Somebody wants these files kept. Unpin them (DELETE /api/v1/exports/:id/pin) before they are let go.',
  },
  'resource-not-permitted': {
    status: 403,
    title: 'You may not add resources here',
    about:
      'Administrators, project managers and data collectors of a project, or of its whole organization, may add resources ' +
      'to it, and upload files for that. Whoever only uses it, or sees it because it is public, may not.',
  },
  'resource-file-not-found': {
    status: 404,
    title: 'The resource has no file here',
    about: 'The project has no resource of this id, or the resource’s file lies elsewhere: its record says where.',
  },
  'file-not-found': {
    status: 404,
    title: 'There is no such file of yours',
    about:
      'You have uploaded no file of this id, it has been removed, or it has been added to a project: then it is the project’s.',
  },
  'file-too-large': {
    status: 413,
    title: 'The file is too large',
    about: 'The file has more bytes than this service takes (UPLOAD_MAX_MB). Send a smaller one, or several.',
  },
  [TOO_MANY_UPLOADS.type]: {
    status: TOO_MANY_UPLOADS.status,
    title: TOO_MANY_UPLOADS.title,
    about:
      'This service limits how many uploads of one person wait to be added to a project, and how many megabytes they have ' +
      '(UPLOADS_PER_PERSON, UPLOADS_PER_PERSON_MB); one whose size is not said beforehand counts as the largest there may be ' +
      'until it has arrived. The member `limit` names the limit that was met. Add those that wait; they are removed when ' +
      'their time is over, and Retry-After tells in how many seconds enough of them will be.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The range is outside the file',
    about: 'The Range header asks for bytes that the file does not have; Content-Range names its size.',
  },
  'platform-token-refused': {
    status: 401,
    title: 'The platform refused the apiToken',
    about: 'The platform that holds the project did not accept the apiToken. Get a new one there.',
  },
  'platform-permission-denied': {
    status: 403,
    title: 'The platform does not permit this project',
    about: 'The platform accepted the apiToken, but it does not open this project. Get one there that does.',
  },
  'platform-unavailable': {
    status: 502,
    title: 'The platform gave no usable answer',
    about: 'The platform that holds the project could not be reached, or answered something else than a project.',
  },
  'token-not-known': {
    status: 404,
    title: 'There is no such token',
    about:
      'No scoped token of this id was minted for an export of this service, or it expired so long ago that it is ' +
      'forgotten. Ask by the claim jti of a token that this service has minted.',
  },
  'not-found': { status: 404, title: 'There is nothing here', about: 'No page and no resource has this address.' },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    about: 'This address exists, but not for this method. The Allow header names those that it has.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    about: 'Requests to this service are small JSON, but for files.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body has another media type',
    about: 'Bodies are application/json. Set the Content-Type header.',
  },
  'internal-error': {
    status: 500,
    title: 'Something went wrong here',
    about: 'The fault is ours and is logged under the request’s id, which `instance` bears. Try again later.',
  },
  'not-ready': {
    status: 503,
    title: 'The service is not ready',
    about: 'A service that this one needs does not answer; the detail names it. Try again later.',
  },
} satisfies Record<string, ProblemType>;

const tokens = Object.fromEntries(
  Object.entries(TOKEN_PROBLEMS).map(([type, { status, title, detail }]) => [type, { status, title, about: detail }]),
) as Record<keyof typeof TOKEN_PROBLEMS, ProblemType>;

const paths = Object.fromEntries(
  Object.entries(PATH_PROBLEMS).map(([type, { title, about }]) => [
    type,
    { status: 400, title, about: `${about} Such a path is refused, never repaired.` },
  ]),
) as Record<keyof typeof PATH_PROBLEMS, ProblemType>;

const files: Record<keyof typeof FILE_PROBLEMS, ProblemType> = FILE_PROBLEMS;

export const PROBLEM_TYPES = { ...paths, ...ours, ...files, ...tokens };
