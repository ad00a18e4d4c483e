/** Who signs in, as tasks: whose identities become, and who signed in by them, is noted in their transactions. */
import {
  type Identity,
  type IdentityPolicy,
  IdentityService,
  type Recognised,
} from '@parcelpost/shared/db/services/identities.js';
import { audited } from '@parcelpost/shared/db/tasks/audit.js';
import type { Hooks } from '@parcelpost/shared/tasks/hooks.js';
import { defineTask, type TaskMaker } from '@parcelpost/shared/tasks/task.js';

type Named = Pick<Identity, 'issuer' | 'subject'>;

export class SignInTasks {
  /** Who somebody of the provider is here; see {@link IdentityService.recognise}. */
  readonly recognise: TaskMaker<{ identity: Identity; policy: IdentityPolicy }, Recognised>;
  /** Says whose an identity is; see {@link IdentityService.link}. */
  readonly link: TaskMaker<{ username: string; identity: Named }, { userId: string } | 'no-user' | 'taken'>;
  /** Has it be nobody's; see {@link IdentityService.unlink}. */
  readonly unlink: TaskMaker<Named, string | undefined>;

  constructor(identities = new IdentityService()) {
    this.recognise = defineTask({
      name: 'users.recognise',
      service: identities,
      run: ({ service, trx, input: { identity, policy } }) => service.recognise(trx, identity, policy),
    });
    this.link = defineTask({
      name: 'users.link-identity',
      service: identities,
      run: ({ service, trx, input: { username, identity } }) => service.link(trx, username, identity),
    });
    this.unlink = defineTask({
      name: 'users.unlink-identity',
      service: identities,
      run: ({ service, trx, input }) => service.unlink(trx, input),
    });
  }

  /** Has notes kept of all of them. */
  audit(hooks: Hooks): void {
    const ofUser = (id: string, details: Record<string, string>) => ({ subject: { kind: 'user', id }, details });
    audited(this.recognise.taskName, ({ user, ...found }, { identity: { issuer } }) =>
      user && 'did' in found ? ofUser(user.id, { did: found.did, issuer }) : undefined,
    )(hooks);
    audited(this.link.taskName, (linked, { identity: { issuer, subject } }) =>
      typeof linked === 'object' ? ofUser(linked.userId, { issuer, subject }) : undefined,
    )(hooks);
    audited(this.unlink.taskName, (userId, { issuer, subject }) =>
      userId === undefined ? undefined : ofUser(userId, { issuer, subject }),
    )(hooks);
  }
}
