/** Application entities, what they may, and who is connected. */

export interface RefusedCaller {
  ae_title: string;
  host: string;
  last_seen: string;
  count: number;
}

/** An application entity. `port` is 0 where we cannot call it; an empty list of `accepted_…` stands for all. */
export interface Peer {
  ae_title: string;
  host: string;
  port: number;
  tls: boolean;
  transfer_syntaxes: string[];
  may: string[];
  max_associations: number;
  certificate: string;
  accepted_sop_classes: string[];
  accepted_transfer_syntaxes: string[];
  visible: VisibleStudies;
  character_set: string;
  coercion: CoercionRule[];
}

/** What is sent to keep of a peer. */
export type PeerAsked = Omit<Peer, 'ae_title'>;

/** Which studies a peer sees: AND over kinds, OR within; what is empty, or 0, is not asked. */
export interface VisibleStudies {
  modalities: string[];
  institutions: string[];
  stations: string[];
  senders: string[];
  issuers: string[];
  referring_physicians: string[];
  last_days: number;
}

/** A change of one attribute of what a peer stores; `action` is set, set_if_empty, prefix, suffix or remove. */
export interface CoercionRule {
  attribute: string;
  action: string;
  value: string;
}

/** What came of a C-ECHO; `status` is `0000` for success. */
export interface Echo {
  status: string;
  milliseconds: number;
}

export interface Callers {
  refused: RefusedCaller[];
  known: Peer[];
}

/** An association that is open now. since: ISO 8601 UTC. state: `negotiating`, `established`, or how it has just ended. */
export interface LiveAssociation {
  host: string;
  port: number;
  calling_ae_title: string;
  called_ae_title: string;
  since: string;
  encrypted: boolean;
  state: string;
  objects: number;
  bytes_received: number;
  doing: string;
}

/** The oldest first. total: all that are open, whatever number is listed. */
export interface LiveAssociations {
  total: number;
  associations: LiveAssociation[];
}
