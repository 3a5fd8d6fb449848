/** The DICOM JSON model (PS3.18 F.2). */

/** One element of the DICOM JSON model (PS3.18 F.2). */
export interface DicomElement {
  vr: string;
  Value?: unknown[];
  BulkDataURI?: string;
  InlineBinary?: string;
}

/** One instance in the DICOM JSON model, keyed by tag such as `00100010`. */
export type DicomInstance = Record<string, DicomElement>;
