/** Asking for an export: who may, what exactly, and the one transaction that makes it certain. */
import { randomUUID } from 'node:crypto';
import type { ExportService } from '@parcelpost/shared/db/services/exports.js';
import type { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import { type ExportRequestBody, exportOptions } from '@parcelpost/shared/export-request.js';
import { resolveSignatures, validateSignatures } from '@parcelpost/shared/signatures/registry.js';
import { mintScopedToken, projectPath } from '@parcelpost/shared/tokens/scoped-token.js';
import { seal } from '@parcelpost/shared/tokens/seal.js';
import type { Dependencies } from '../dependencies.js';
import { problem } from '../problems.js';
import { askPlatform, type ProjectNames } from './external-platform.js';
import { externalPlatform } from './platform-url.js';

export interface Asked {
  organization: string;
  project: string;
  body: ExportRequestBody;
}

export class RequestExport {
  constructor(
    readonly dependencies: Pick<Dependencies, 'config' | 'relay'>,
    readonly projects: ProjectService,
    readonly exports: ExportService,
  ) {}

  /**
   * Records an export and has it entered into the queue; the entering is not waited for, since the outbox holds it.
   * @returns the export's id
   * @throws {ProblemError} 403 and 404 by the user's standing, 422 by what is asked, 401, 403, 404 and 502 by an
   *   external platform's answer
   */
  async run(user: UserRow, { organization, project, body }: Asked): Promise<string> {
    const { config, relay } = this.dependencies;
    const platform = externalPlatform(config);
    const source = platform
      ? await this.#external(platform, organization, project, body)
      : await this.#own(user, organization, project, body);

    const wrong = [
      ...validateSignatures(body.onSuccess, '/onSuccess'),
      ...validateSignatures(body.onFailure, '/onFailure'),
    ];
    if (wrong.length > 0) throw invalid(wrong);
    const context = { requester: { email: user.email } };

    const id = randomUUID();
    await this.exports.create({
      id,
      organization,
      organizationName: source.organizationName,
      project,
      projectName: source.projectName,
      requester: { id: user.id, name: user.name, email: user.email, language: user.language },
      options: exportOptions(body),
      onSuccess: resolveSignatures(body.onSuccess, '/onSuccess', context),
      onFailure: resolveSignatures(body.onFailure, '/onFailure', context),
      sealedToken: seal(JSON.stringify({ scheme: 'TmpToken', token: source.token }), config.SEAL_SECRET, id),
      deadlineAt: new Date(Date.now() + config.EXPORT_DEADLINE_MINUTES * 60_000),
    });
    void relay.run();
    return id;
  }

  /** A project of our own platform: membership decides, and a token is minted that opens it alone. */
  async #own(user: UserRow, organization: string, project: string, body: ExportRequestBody) {
    if (body.apiToken !== undefined) {
      const detail = 'is only for a service that exports from another platform; leave it out';
      throw invalid([{ pointer: '/apiToken', detail }]);
    }
    const access = await this.projects.access(organization, project, user.id);
    if (!access?.maySee) {
      throw problem('project-not-found', `There is no project ${organization}/${project} that you may see.`);
    }
    if (!access.mayExport) {
      throw problem('export-not-permitted', `Only members of ${organization}/${project} may export it.`);
    }
    const { TOKEN_SECRET, TOKEN_HOURS } = this.dependencies.config;
    const paths = [projectPath(organization, project)];
    return {
      projectName: access.name,
      organizationName: access.organization.name,
      token: mintScopedToken({ userId: user.id, paths, hours: TOKEN_HOURS }, TOKEN_SECRET),
    };
  }

  /** A project of another platform: its token is used as it is, and its answer decides. */
  async #external(platform: string, organization: string, project: string, body: ExportRequestBody) {
    const { apiToken } = body;
    const detail =
      apiToken === undefined
        ? 'is missing: send a token of the platform that holds the project'
        : 'holds characters that no token has; send it as it was given out';
    if (apiToken === undefined || !/^[\x21-\x7e]+$/.test(apiToken)) throw invalid([{ pointer: '/apiToken', detail }]);
    const names: ProjectNames = await askPlatform(platform, { organization, project, apiToken });
    return { ...names, token: apiToken };
  }
}

function invalid(errors: { pointer: string; detail: string }[]) {
  return problem('invalid-request', errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '), {
    errors,
  });
}
