/** What a reader keeps: protocols of their own, and the last choice for each kind of study. JSON documents under the preferences. */
import { preferences } from '../../../api/preferences';
import { type Layout, parseLayout } from '../layout';
import type { StudyFacts } from './facts';
import { type HangingProtocol, readProtocol } from './protocol';

const PROTOCOLS = 'viewer.hanging';
const LAYOUTS = 'viewer.layouts';
/** A preference holds 64 KiB. */
export const MOST_PROTOCOLS = 40;
const MOST_KINDS = 200;

/** The last choice for one kind of study. */
export interface Choice {
  protocol?: string;
  layout?: Layout;
}

export interface Shelf {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `CT HEAD`: the first modality that makes pictures, and the regions. */
export function kindOf(study: StudyFacts): string {
  const modality = study.modalities.find((one) => !['SR', 'PR', 'KO', 'SEG'].includes(one)) ?? '';
  return [modality, ...[...study.regions].sort()].join(' ');
}

export class KeptHanging {
  constructor(private readonly shelf: Shelf = preferences) {}

  /** A document that cannot be read, perhaps of another version, costs itself alone. */
  protocols(): HangingProtocol[] {
    const kept = this.shelf.get(PROTOCOLS);
    if (!isRecord(kept) || !Array.isArray(kept.protocols)) return [];
    return kept.protocols.slice(0, MOST_PROTOCOLS).flatMap((document: unknown) => {
      try {
        return [readProtocol(document)];
      } catch {
        return [];
      }
    });
  }

  keepProtocols(protocols: readonly HangingProtocol[]): void {
    this.shelf.set(PROTOCOLS, { protocols });
  }

  choice(kind: string): Choice {
    const kept = this.shelf.get(LAYOUTS);
    const one = isRecord(kept) ? kept[kind] : undefined;
    if (!isRecord(one)) return {};
    return { protocol: typeof one.protocol === 'string' ? one.protocol : undefined, layout: parseLayout(one.layout) };
  }

  /** The oldest choices give way. */
  keepChoice(kind: string, choice: Choice): void {
    const kept = this.shelf.get(LAYOUTS);
    const others = isRecord(kept) ? Object.entries(kept).filter(([name]) => name !== kind) : [];
    this.shelf.set(LAYOUTS, Object.fromEntries([...others.slice(-MOST_KINDS + 1), [kind, choice]]));
  }
}
