// node store.js HOST PORT AE-TITLE ANSWERS: sends every file named on standard input, one association each, and writes
// `path<TAB>status` a line into the file ANSWERS, or why a file could not be sent. (The library logs to standard output.)
const fs = require('node:fs');
const { Client, requests } = require('dcmjs-dimse');

const [, , host, port, calledAeTitle, answers] = process.argv;
const PATIENCE_MS = 8000;

function sendOne(path) {
  return new Promise((resolve) => {
    let answer = 'no answer';
    const client = new Client();
    const timer = setTimeout(() => {
      client.abort();
      resolve('gave up');
    }, PATIENCE_MS);
    const end = (text) => {
      clearTimeout(timer);
      resolve(text);
    };
    try {
      const request = new requests.CStoreRequest(path);
      request.on('response', (response) => {
        answer = `0x${response.getStatus().toString(16).padStart(4, '0')}`;
      });
      client.addRequest(request);
      client.on('associationRejected', () => end('rejected'));
      client.on('networkError', (error) => end(`network error: ${error.message}`));
      client.on('closed', () => end(answer));
      client.send(host, Number(port), 'DCMJS', calledAeTitle);
    } catch (error) {
      end(`cannot be sent: ${error.message}`);
    }
  });
}

process.on('uncaughtException', () => {});

(async () => {
  for (const path of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    fs.appendFileSync(answers, `${path}\t${(await sendOne(path)).replace(/\s+/g, ' ')}\n`);
  }
  process.exit(0);
})();
