/** What `/api` answers, as the server's OpenAPI names it. Dates are DICOM dates (YYYYMMDD), times DICOM times. */
export * from './dicom';
export * from './documents';
export * from './keyImages';
export * from './measurements';
export * from './peers';
export * from './people';
export * from './routing';
export * from './site';
export * from './storage';
export * from './views';
export * from './volumes';
export * from './worklist';
