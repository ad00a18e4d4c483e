/** Why a file is not given. */
import { type FieldError, ProblemError } from '../errors.js';

/** Every refusal, by problem type. `about` says when it is answered, and what to do. */
export const FILE_PROBLEMS = {
  'file-not-yours': {
    status: 422,
    title: 'There is no such file of yours',
    about:
      'The request refers to a file that does not exist, has not arrived whole, has been removed, or belongs to somebody ' +
      'else, also if it did not when the request was made. Upload the file, and refer to it by the id in the answer.',
  },
  'file-given-twice': {
    status: 422,
    title: 'The same file is given twice',
    about:
      'Two fields of the request refer to the same file, which can be given once. Upload it once more for the other.',
  },
  'file-pinned': {
    status: 409,
    title: 'The file has found its place',
    about: 'The file belongs to a record, or to a project, for good. Upload it once more to use it elsewhere.',
  },
} as const;

/** A refusal that names the fields that refer to the files. */
export function fileProblem(type: keyof typeof FILE_PROBLEMS, errors: FieldError[]): ProblemError {
  const { status, title } = FILE_PROBLEMS[type];
  const detail = errors.map(({ pointer, detail }) => `${pointer || 'the file'}: ${detail}`).join('; ');
  return new ProblemError(status, type, title, detail, { errors });
}
