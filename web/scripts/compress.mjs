/** Writes a .br and a .gz beside each compressible file of the build, so that the server never compresses at run time. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const root = fileURLToPath(new URL('../../src/hounsfield/servers/webapi/static/', import.meta.url));
const compressible = /\.(js|css|html|svg|json|wasm|txt|map)$/;
const smallest = 1024;
const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

let files = 0;
let before = 0;
let after = 0;
for (const entry of await readdir(root, { recursive: true })) {
  const path = join(root, entry);
  if (!compressible.test(entry) || (await stat(path)).size < smallest) continue;
  const bytes = await readFile(path);
  const packed = await brotli(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  await writeFile(`${path}.br`, packed);
  await writeFile(`${path}.gz`, await deflate(bytes, { level: 9 }));
  files += 1;
  before += bytes.length;
  after += packed.length;
}
console.log(`compressed ${files} files: ${Math.round(before / 1024)} KiB to ${Math.round(after / 1024)} KiB (brotli)`);
