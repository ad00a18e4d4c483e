/** Recognising who signs in, as a task: what it links or makes is noted in its transaction. */
import {
  type Identity,
  type IdentityPolicy,
  IdentityService,
  type Recognised,
} from '@parcelpost/shared/db/services/identities.js';
import { audited } from '@parcelpost/shared/db/tasks/audit.js';
import type { Hooks } from '@parcelpost/shared/tasks/hooks.js';
import { defineTask, type TaskMaker } from '@parcelpost/shared/tasks/task.js';

export class SignInTasks {
  /** Who somebody of the provider is here; see {@link IdentityService.recognise}. */
  readonly recognise: TaskMaker<{ identity: Identity; policy: IdentityPolicy }, Recognised>;

  constructor(identities = new IdentityService()) {
    this.recognise = defineTask({
      name: 'users.recognise',
      service: identities,
      run: ({ service, trx, input: { identity, policy } }) => service.recognise(trx, identity, policy),
    });
  }

  /** Has a note kept of each sign-in. */
  audit(hooks: Hooks): void {
    audited(this.recognise.taskName, (recognised, { identity: { issuer } }) =>
      recognised.user
        ? { subject: { kind: 'user', id: recognised.user.id }, details: { did: recognised.did, issuer } }
        : undefined,
    )(hooks);
  }
}
