/** Who is signed in, and the server itself. */

export interface Session {
  user: { name: string; role: string };
  csrf_token: string;
  open_access: boolean;
  /** The password is the one printed at the first start. */
  must_change_password?: boolean;
}

export interface ServerStatus {
  ae_title: string;
  host: string;
  dicom_port: number;
  http_port: number;
  version: string;
  studies: number;
  series: number;
  instances: number;
  bytes_stored: number;
  open_access: boolean;
  demo: boolean;
}

/** A setting of the server. meaning: in English, code between grave accents. */
export interface Setting {
  name: string;
  value: string;
  default: string;
  meaning: string;
  changed: boolean;
}
