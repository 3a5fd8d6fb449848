// node client.js echo|find|get|move HOST PORT AE-TITLE OUTPUT [PATIENT-ID | STUDY-UID [DESTINATION]]: one operation; its final status and what
// came are written to OUTPUT as JSON. (The library logs to standard output.)
const fs = require('node:fs');
const { Client, constants, requests, responses } = require('dcmjs-dimse');

const [, , operation, host, port, calledAeTitle, output, key, destination] = process.argv;
const PATIENCE_MS = 30000;
const result = { status: null, found: [], came: [] };

function end(error) {
  if (error) result.error = String(error);
  fs.writeFileSync(output, JSON.stringify(result));
  process.exit(0);
}

const MAKERS = {
  echo: () => new requests.CEchoRequest(),
  find: () => requests.CFindRequest.createStudyFindRequest({ PatientID: key, StudyInstanceUID: '' }),
  get: () => requests.CGetRequest.createStudyGetRequest(key),
  move: () => requests.CMoveRequest.createStudyMoveRequest(destination, key),
};

setTimeout(() => end('gave up'), PATIENCE_MS);
const client = new Client();
const request = MAKERS[operation]();
request.on('response', (response) => {
  result.status = response.getStatus();
  if (response.hasDataset() && response.getStatus() === constants.Status.Pending) {
    const uid = response.getDataset().getElement('StudyInstanceUID');
    if (uid) result.found.push(uid);
  }
});
client.on('cStoreRequest', (incoming, answer) => {
  result.came.push(incoming.getAffectedSopInstanceUid());
  const response = responses.CStoreResponse.fromRequest(incoming);
  response.setStatus(constants.Status.Success);
  answer(response);
});
client.addRequest(request);
client.on('associationRejected', () => end('rejected'));
client.on('networkError', (error) => end(error.message));
client.on('closed', () => end());
client.send(host, Number(port), 'DCMJS', calledAeTitle);
