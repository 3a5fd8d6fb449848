import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SeriesRow, StudyDetail, StudyRow } from '../src/api/types';
import { Hanger } from '../src/features/viewer/hanging/hanger';
import { KeptHanging } from '../src/features/viewer/hanging/kept';
import { readProtocol } from '../src/features/viewer/hanging/protocol';
import { ViewerSession } from '../src/features/viewer/session';

/** A stage that draws nothing. */
const stage = () => {
  const linked: boolean[] = [];
  return { linked, marks: { know: () => {} }, links: { linkSlices: (on: boolean) => linked.push(on) } };
};

const row = (uid: string, date: string, modality = 'CT', description = 'CT Head'): StudyRow =>
  ({ study_instance_uid: uid, study_date: date, description, modalities: [modality], patient_id: '1' }) as StudyRow;
const series = (uid: string, number: number, modality = 'CT', description = 'Axial'): SeriesRow =>
  ({
    series_instance_uid: uid,
    number,
    modality,
    description,
    body_part: '',
    instance_count: 9,
    frame_count: 9,
  }) as SeriesRow;

const PRIORS: Record<string, StudyDetail> = {
  '2': { study: row('2', '20240101'), series: [series('2.1', 1, 'CT', 'Scout'), series('2.2', 2)], priors: [] },
};
const MAIN: StudyDetail = {
  study: row('1', '20260101'),
  series: [series('1.1', 1), series('1.2', 2, 'CT', 'Bone')],
  priors: [row('3', '20251201', 'DX', 'XR Knee'), row('2', '20240101')],
};

function opened(main: StudyDetail = MAIN, kept: Record<string, unknown> = {}) {
  const shelf = {
    get: (name: string) => kept[name],
    set: (name: string, value: unknown) => {
      kept[name] = value;
    },
  };
  const plays = stage();
  const session = new ViewerSession(plays as never, main);
  return { session, hanger: new Hanger(session, new KeptHanging(shelf)), kept, linked: plays.linked };
}

const shown = (session: ViewerSession) => session.getState().tiles.map((tile) => tile?.seriesUid ?? '-');

describe('a study that is opened', () => {
  let failing = false;
  beforeEach(() => {
    failing = false;
    vi.stubGlobal('fetch', async (path: string) => {
      const uid = path.split('/').pop() ?? '';
      if (failing) return new Response('{}', { status: 503 });
      return new Response(JSON.stringify(path.startsWith('/api/studies') ? PRIORS[uid] : []));
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('has its most relevant prior beside it, and shows itself without waiting for that', async () => {
    const { session, hanger, linked } = opened();
    const begun = hanger.begin();
    expect(session.getState().layout).toBe('1x2');
    expect(shown(session).slice(0, 2)).toEqual(['1.1', '-']);
    await begun;
    await vi.waitFor(() => expect(shown(session)[1]).toBe('2.2'));
    expect(hanger.priors.map(({ study }) => study.study_instance_uid)).toEqual(['2', '3']);
    expect(linked).toEqual([true]);
    expect(session.getState().hanging).toBe(false);
  });

  it('is read all the same where the prior cannot be', async () => {
    failing = true;
    const { session, hanger } = opened();
    await hanger.begin();
    await vi.waitFor(() => expect(session.getState().hanging).toBe(false));
    expect(shown(session).slice(0, 2)).toEqual(['1.1', '-']);
  });

  it('hangs by what the address asks for', async () => {
    const { session, hanger } = opened();
    await hanger.begin('single');
    expect([session.getState().layout, shown(session)[0], shown(session)[1]]).toEqual(['1x1', '1.1', '-']);
    const unknown = opened();
    await unknown.hanger.begin('nonsense');
    expect(unknown.session.getState().layout).toBe('1x2');
  });

  it('hangs as its reader last chose for its kind', async () => {
    const { session, hanger, kept } = opened();
    await hanger.begin();
    hanger.chooseLayout('2x2');
    expect(shown(session)).toContain('1.2');
    const again = opened(MAIN, kept);
    await again.hanger.begin();
    expect(again.session.getState().layout).toBe('2x2');
    const chest = opened({ ...MAIN, study: row('9', '20260101', 'CT', 'CT Chest') }, kept);
    await chest.hanger.begin();
    expect(chest.session.getState().layout).not.toBe('2x2');
  });

  it('keeps the place of the prior in a larger layout', async () => {
    const { session, hanger } = opened(MAIN, {
      'viewer.layouts': { 'CT HEAD': { protocol: 'ct-prior', layout: '2x2' } },
    });
    await hanger.begin();
    await vi.waitFor(() => expect(shown(session).slice(0, 4)).toEqual(['1.1', '2.2', '1.2', '-']));
  });

  it('prefers a protocol of its reader', async () => {
    const own = readProtocol({
      id: 'own',
      name: 'Bone first',
      layout: '2x1',
      definition: [{ modality: ['CT'] }],
      displaySets: [{ imageBox: 1, imageSet: { description: ['bone'] } }],
    });
    const { session, hanger } = opened(MAIN, { 'viewer.hanging': { protocols: [own] } });
    await hanger.begin();
    expect([session.getState().layout, shown(session)[0]]).toEqual(['2x1', '1.2']);
  });

  it('falls back to one tile where nothing that is required is there', async () => {
    const { session, hanger } = opened({
      ...MAIN,
      study: row('1', '20260101', 'MR', 'MR Brain'),
      series: [],
      priors: [],
    });
    await hanger.begin();
    expect([session.getState().layout, session.getState().hanging]).toEqual(['1x1', false]);
  });

  it('keeps what the reader puts into a tile while the prior is on its way', async () => {
    const { session, hanger } = opened();
    const begun = hanger.begin();
    session.show({ studyUid: '1', seriesUid: '1.2', set: 0 }, 1);
    await begun;
    await vi.waitFor(() => expect(session.getState().studies['2']).toBeDefined());
    await Promise.resolve();
    expect(shown(session).slice(0, 2)).toEqual(['1.1', '1.2']);
  });
});
