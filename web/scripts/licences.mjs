/**
 * Writes THIRD_PARTY.md: what is bundled into the web app, under which licence. Fails where a licence is not permissive.
 * With --texts it writes the licences themselves into the build instead, as most of them ask for.
 * Only packages reachable from `dependencies` are bundled; build tools are not.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const permissive =
  /^(MIT|ISC|0BSD|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|Unlicense|CC0-1\.0|Zlib|Python-2\.0|BlueOak-1\.0\.0|BSL-1\.0)$/;
/** Data of a build tool that a dependency lists by mistake; no byte of it is in the bundle. */
const notBundled = new Set(['caniuse-lite']);

async function read(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

function locate(name, from) {
  for (let folder = from; folder.startsWith(root.replace(/\/$/, '')); folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return path;
  }
  return undefined;
}

const found = new Map();
async function visit(name, from) {
  const path = locate(name, from);
  if (!path) return;
  const manifest = await read(join(path, 'package.json'));
  const key = `${manifest.name}@${manifest.version}`;
  if (found.has(key)) return;
  const licence = manifest.license ?? manifest.licenses?.map((one) => one.type).join(' OR ') ?? 'none stated';
  found.set(key, { name: manifest.name, version: manifest.version, licence, path });
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
    await visit(dependency, path);
}

const manifest = await read(join(root, 'package.json'));
for (const name of Object.keys(manifest.dependencies)) await visit(name, root);

const rows = [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
const fine = (licence) =>
  licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((part) => permissive.test(part.trim())));
const refused = rows.filter(({ name, licence }) => !fine(licence) && !notBundled.has(name));
if (process.argv.includes('--texts')) {
  const sections = [];
  for (const { name, version, licence, path } of rows) {
    const file = (await readdir(path)).find((entry) => /^licen[cs]e/i.test(entry) && !entry.endsWith('.js'));
    const text = file ? await readFile(join(path, file), 'utf8') : '';
    sections.push(`${name} ${version} (${licence})\n\n${text.trim()}\n`);
  }
  const target = join(root, '../src/hounsfield/servers/webapi/static/third-party-licences.txt');
  await writeFile(target, sections.join(`\n${'-'.repeat(72)}\n\n`));
} else {
  const lines = rows.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`);
  await writeFile(
    join(root, 'THIRD_PARTY.md'),
    `# Third-party packages in the web app\n\nWritten by \`npm run licences\`. Everything reachable from \`dependencies\`; the bundler leaves unused parts out.\n\n| package | version | licence |\n|---|---|---|\n${lines.join('\n')}\n`,
  );
}
console.log(`${rows.length} packages`);
if (refused.length > 0) {
  console.error('not permissive or not stated:', refused.map(({ name, licence }) => `${name} (${licence})`).join(', '));
  process.exit(1);
}
