import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const loader = '@cornerstonejs/dicom-image-loader';
const codecs = [
  'charls/decodewasmjs',
  'libjpeg-turbo-8bit/decodewasmjs',
  'libjxl/decodewasmjs',
  'openjpeg/decodewasmjs',
  'openjph/wasmjs',
];
const server = process.env.HOUNSFIELD_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      // vtk.js' VTP reader imports it, and it extends a Node class: the production page would stay blank.
      xmlbuilder2: fileURLToPath(new URL('./src/xmlbuilder2-stub.ts', import.meta.url)),
    },
  },
  worker: { format: 'es' },
  // Pre-bundling the loader breaks the address of its worker; its CommonJS codecs need it all the same.
  optimizeDeps: {
    exclude: [loader],
    include: ['dicom-parser', ...codecs.map((codec) => `${loader} > @cornerstonejs/codec-${codec}`)],
  },
  build: {
    outDir: '../src/hounsfield/servers/webapi/static',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 5000,
    target: 'es2022',
  },
  server: { proxy: { '/dicom-web': server, '/api': server } },
});
