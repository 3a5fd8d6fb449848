import { useEffect, useState } from 'react';
import { annotationApi } from '../../../api/annotations';
import type { ContentItem, DocumentReference, StructuredDocument } from '../../../api/types';
import { t } from '../../../i18n';
import { dicomDate, personName } from '../../../ui/format';
import { priorBadge } from '../corner';
import { reasonOf } from '../measurements/state';
import type { ViewerSession } from '../session';
import { headline, isTechnical, momentText, statedText, valueText } from './documentText';
import './document.css';

interface Props {
  session: ViewerSession;
  studyUid: string;
  sopInstanceUid: string;
}

/** A structured document as people read it: headings, values with their units, links to the images. */
export function DocumentView({ session, studyUid, sopInstanceUid }: Props) {
  const [found, setFound] = useState<StructuredDocument>();
  const [problem, setProblem] = useState('');
  const [attempt, setAttempt] = useState(0);
  const [technical, setTechnical] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` only asks for another try
  useEffect(() => {
    let live = true;
    setFound(undefined);
    setProblem('');
    annotationApi
      .document(studyUid, sopInstanceUid)
      .then((document) => live && setFound(document))
      .catch((error: unknown) => live && setProblem(reasonOf(error)));
    return () => {
      live = false;
    };
  }, [studyUid, sopInstanceUid, attempt]);
  if (problem)
    return (
      <div className="tile-message" role="alert">
        <p>{t('document.failed', { reason: problem })}</p>
        <button type="button" className="button" onClick={() => setAttempt((before) => before + 1)}>
          {t('app.retry')}
        </button>
      </div>
    );
  if (!found) return <div className="tile-progress" role="progressbar" aria-label={t('app.loading')} />;
  const open = (reference: DocumentReference): void => void openImage(session, studyUid, reference);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long document is scrolled with the keyboard
    <article className="document" data-testid="document" tabIndex={0} aria-label={headline(found)}>
      <header>
        <Identity session={session} studyUid={studyUid} />
        <h2>{headline(found)}</h2>
        <p className="muted">{facts(found).join(' · ')}</p>
        {found.cut && <p className="document-cut">{t('document.cut')}</p>}
      </header>
      <Items items={found.items} level={3} technical={technical} onOpen={open} />
      {hasTechnical(found.items) && (
        <label className="document-technical">
          <input type="checkbox" checked={technical} onChange={(event) => setTechnical(event.target.checked)} />
          {t('document.technical')}
        </label>
      )}
      {found.items.length === 0 && <p className="muted">{t('document.empty')}</p>}
    </article>
  );
}

/** Whose document it is, and from when: it may be a prior's. */
function Identity({ session, studyUid }: Pick<Props, 'session' | 'studyUid'>) {
  const study = session.getState().studies[studyUid]?.study;
  if (!study) return null;
  const prior = priorBadge(session.main.study, study);
  return (
    <p className="document-identity" data-testid="document-identity">
      <strong>{personName(study.patient_name) || t('worklist.noName')}</strong>{' '}
      <span className="muted">
        {[study.patient_id, dicomDate(study.birth_date), study.description, dicomDate(study.study_date)]
          .filter(Boolean)
          .join(' · ')}
      </span>{' '}
      {prior && <span className={`badge badge-${prior.tone}`}>{prior.text}</span>}
    </p>
  );
}

function hasTechnical(items: readonly ContentItem[]): boolean {
  return items.some((item) => isTechnical(item) || hasTechnical(item.items));
}

function facts(found: StructuredDocument): string[] {
  const status = found.completion === 'PARTIAL' ? t('document.partial') : '';
  const verified = found.verified_by.map(({ name, at }) =>
    t('document.verifiedBy', { name: personName(name), at: momentText(at) }),
  );
  const unverified = found.verification === 'UNVERIFIED' ? t('document.unverified') : '';
  return [
    momentText(found.content_time),
    found.institution,
    found.manufacturer,
    status,
    ...verified,
    unverified,
  ].filter(Boolean);
}

/** In another tile, where there is one, so that the document stays in sight. */
async function openImage(session: ViewerSession, studyUid: string, reference: DocumentReference): Promise<void> {
  if (session.getState().layout !== '1x1' && !session.getState().maximised) session.nextTile();
  await session
    .jumpTo(studyUid, reference.series_instance_uid, reference.sop_instance_uid, reference.frames[0] ?? 1)
    .catch(() => {});
}

interface ItemsProps {
  items: readonly ContentItem[];
  level: number;
  /** With what only programs need. */
  technical: boolean;
  onOpen: (reference: DocumentReference) => void;
}

function Items({ items: all, level, technical, onOpen }: ItemsProps) {
  const items = technical ? all : withoutTechnical(all);
  if (items.length === 0) return null;
  return (
    <ul className={level === 3 ? 'document-items document-top' : 'document-items'}>
      {items.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: content items have no identity but their place
        <li key={at}>
          <Item item={item} level={level} onOpen={onOpen} />
          <Items items={item.items} level={level + 1} technical={technical} onOpen={onOpen} />
        </li>
      ))}
    </ul>
  );
}

/** What hangs from an item that is left out takes its place. */
function withoutTechnical(items: readonly ContentItem[]): ContentItem[] {
  return items.flatMap((item) => (isTechnical(item) ? withoutTechnical(item.items) : item));
}

function Item({ item, level, onOpen }: { item: ContentItem } & Omit<ItemsProps, 'items' | 'technical'>) {
  if (item.value_type === 'CONTAINER') {
    const Heading = `h${Math.min(level, 6)}` as 'h3';
    return item.name ? <Heading>{item.name}</Heading> : null;
  }
  const value = valueText(item);
  return (
    <p>
      {item.name && <span className="document-name">{item.name}</span>}
      {value && (
        <span title={statedText(item)} className={item.value_type === 'TEXT' ? 'document-text' : 'document-value'}>
          {value}
        </span>
      )}
      {item.references.map((reference, at) =>
        reference.series_instance_uid ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: references have no identity but their place
          <button type="button" className="document-link" key={at} onClick={() => onOpen(reference)}>
            {reference.frames.length > 0
              ? t('document.frame', { frames: reference.frames.slice(0, 8).join(', ') })
              : t('document.image')}
          </button>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: references have no identity but their place
          <span className="muted" key={at} title={reference.sop_instance_uid}>
            {t('document.elsewhere')}
          </span>
        ),
      )}
    </p>
  );
}
