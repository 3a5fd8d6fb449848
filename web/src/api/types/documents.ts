/** Structured reports as trees. */

/** `series_instance_uid` is empty where it is not in this study. */
export interface DocumentReference {
  series_instance_uid: string;
  sop_instance_uid: string;
  frames: number[];
}

export interface ContentItem {
  relationship: string;
  value_type: string;
  name: string;
  value: string;
  unit: string;
  points: number;
  references: DocumentReference[];
  items: ContentItem[];
}

export interface Verification {
  name: string;
  at: string;
}

/** A structured document. `cut`: there is more of it than is told here. */
export interface StructuredDocument {
  title: string;
  description: string;
  completion: string;
  verification: string;
  verified_by: Verification[];
  content_time: string;
  manufacturer: string;
  institution: string;
  items: ContentItem[];
  cut: boolean;
}
