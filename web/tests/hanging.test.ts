import { describe, expect, it } from 'vitest';
import type { SeriesRow, StudyDetail, StudyRow } from '../src/api/types';
import { regionsIn } from '../src/features/viewer/hanging/bodyPart';
import {
  type Candidate,
  candidatesOf,
  factsOfStudy,
  lateralityIn,
  type StudyFacts,
  viewOf,
} from '../src/features/viewer/hanging/facts';
import { fittingProtocols, hang } from '../src/features/viewer/hanging/hang';
import { KeptHanging, kindOf } from '../src/features/viewer/hanging/kept';
import { type HangingProtocol, ProtocolError, readProtocol } from '../src/features/viewer/hanging/protocol';
import { byRelevance, isComparable, relevance } from '../src/features/viewer/hanging/relevance';
import { SHIPPED, shippedName } from '../src/features/viewer/hanging/shipped';
import { CATALOGUES } from '../src/i18n';
import { directionsOf, turnTo } from '../src/imaging/arrangement';
import { displaySetsOf } from '../src/imaging/displaySets';
import { image, instance } from './instances';

const study = (parts: Partial<StudyRow>): StudyRow =>
  ({ study_instance_uid: '1', study_date: '20260101', description: '', modalities: [], ...parts }) as StudyRow;
const facts = (description: string, modality: string, date = '20260101'): StudyFacts =>
  factsOfStudy(study({ description, modalities: [modality], study_date: date }));
const regions = (...texts: string[]) => [...regionsIn(...texts)].sort();

describe('body parts', () => {
  it('are found in defined terms and in descriptions of three languages', () => {
    for (const text of [
      'HEAD',
      'BRAIN',
      'CT Head without contrast',
      'IRM cérébrale',
      'TC de cráneo',
      'Scanner crânien',
    ])
      expect(regions(text), text).toEqual(['HEAD']);
    for (const text of ['CHEST', 'XR Chest PA', 'Radiographie thoracique', 'Tórax', 'HRCT'])
      expect(regions(text), text).toEqual(['CHEST']);
    expect(regions('Mamografía bilateral')).toEqual(['BREAST']);
    expect(regions('XR genou gauche')).toEqual(['KNEE']);
  });

  it('may be several', () => {
    expect(regions('CT TAP')).toEqual(['ABDOMEN', 'CHEST', 'PELVIS']);
    expect(regions('Abdomen-Pelvis')).toEqual(['ABDOMEN', 'PELVIS']);
    expect(regions('')).toEqual([]);
  });

  it('do not take the cervical or thoracic spine for a neck or a chest', () => {
    expect(regions('MR cervical spine')).toEqual(['SPINE']);
    expect(regions('Thoracic spine')).toEqual(['SPINE']);
    expect(regions('CSPINE')).toEqual(['SPINE']);
  });

  it('have a side only where one is named', () => {
    expect(lateralityIn('Left knee')).toBe('L');
    expect(lateralityIn('Main droite')).toBe('R');
    expect(lateralityIn('Both knees, left and right')).toBe('');
    expect(lateralityIn('Chest')).toBe('');
  });
});

describe('relevance', () => {
  const now = facts('CT Head', 'CT');

  it('puts the same region first, then the same kind, then the latest; what is later comes last', () => {
    const priors = [
      { name: 'later', facts: facts('CT Head', 'CT', '20270101') },
      { name: 'knee', facts: facts('XR Knee', 'DX', '20251230') },
      { name: 'old head', facts: facts('CT Head', 'CT', '20200101') },
      { name: 'head MR', facts: facts('MR Brain', 'MR', '20251201') },
      { name: 'head', facts: facts('Head CT', 'CT', '20240101') },
      { name: 'chest CT', facts: facts('CT Chest', 'CT', '20251231') },
    ];
    expect(byRelevance(now, priors).map(({ name }) => name)).toEqual([
      'head',
      'old head',
      'head MR',
      'chest CT',
      'knee',
      'later',
    ]);
  });

  it('hangs beside it only what compares', () => {
    expect(isComparable(now, facts('CT Head', 'CT', '20250101'))).toBe(true);
    expect(isComparable(now, facts('CT Chest', 'CT', '20250101'))).toBe(false);
    expect(isComparable(now, facts('MR Brain', 'MR', '20250101'))).toBe(false);
    expect(isComparable(now, facts('CT Head', 'CT', '20270101'))).toBe(false);
    expect(isComparable(now, facts('CT Head', 'CT', ''))).toBe(false);
    expect(isComparable(facts('', 'CR'), facts('', 'DX', '20250101'))).toBe(true);
  });

  it('does not offer the other knee', () => {
    const left = facts('XR left knee', 'DX');
    expect(relevance(left, facts('XR right knee', 'DX'))).toBeLessThan(relevance(left, facts('XR left knee', 'CR')));
    expect(isComparable(left, facts('XR right knee', 'DX', '20250101'))).toBe(false);
  });
});

const candidate = (name: string, parts: Partial<Candidate> = {}): Candidate => ({
  assignment: { studyUid: `s${parts.prior ?? 0}`, seriesUid: name, set: 0 },
  prior: 0,
  modality: 'CT',
  description: name,
  regions: new Set(),
  laterality: '',
  view: '',
  plane: '',
  images: 10,
  ...parts,
});
const shipped = (id: string) => SHIPPED.find((protocol) => protocol.id === id) as HangingProtocol;
const placed = (protocol: HangingProtocol, candidates: Candidate[]) =>
  hang(protocol, candidates).tiles.map((tile) => tile?.seriesUid ?? '-');

describe('hanging', () => {
  const breast = (prior = 0) =>
    (['L MLO', 'R CC', 'L CC', 'R MLO'] as const).map((name) =>
      candidate(`${name} ${prior}`, {
        prior,
        modality: 'MG',
        laterality: name[0] as 'L',
        view: name.slice(2),
      }),
    );

  it('puts the four views of a mammogram in their places, priors below', () => {
    expect(placed(shipped('mg-four-views'), breast())).toEqual(['R CC 0', 'L CC 0', 'R MLO 0', 'L MLO 0']);
    const both = placed(shipped('mg-four-views-prior'), [...breast(), ...breast(1)]);
    expect(both).toEqual(
      [0, 1].flatMap((prior) => ['R CC', 'L CC', 'R MLO', 'L MLO'].map((view) => `${view} ${prior}`)),
    );
  });

  it('has chest walls face each other', () => {
    const [right, left] = hang(shipped('mg-four-views'), breast()).tiles;
    expect(right?.arrangement).toMatchObject({ justification: 'RIGHT', patientOrientation: ['P', 'L'] });
    expect(left?.arrangement).toMatchObject({ justification: 'LEFT', patientOrientation: ['A', 'R'] });
  });

  it('is not complete without what is required', () => {
    const pair = shipped('radiograph-pair');
    const frontal = candidate('PA', { modality: 'DX', view: 'PA' });
    expect(hang(pair, [frontal]).complete).toBe(false);
    expect(hang(pair, [frontal, candidate('lat', { modality: 'DX', view: 'LATERAL' })]).complete).toBe(true);
    expect(hang(shipped('single'), []).complete).toBe(false);
  });

  it('finds the series of the prior that is most like that of the study', () => {
    const all = [
      candidate('Thorax lung 1 mm', { images: 300 }),
      candidate('Scout', { prior: 1, images: 2 }),
      candidate('Thorax soft 5 mm', { prior: 1, images: 60 }),
      candidate('Thorax lung 1 mm before', { prior: 1, images: 280 }),
    ];
    expect(placed(shipped('ct-prior'), all)).toEqual(['Thorax lung 1 mm', 'Thorax lung 1 mm before']);
    expect(placed(shipped('ct-prior'), all.slice(0, 1))).toEqual(['Thorax lung 1 mm', '-']);
  });

  it('shows each series once', () => {
    const series = ['T1', 'T2', 'FLAIR'].map((name) => candidate(name, { modality: 'MR' }));
    expect(placed(shipped('mr'), series)).toEqual(['T1', 'T2', 'FLAIR', '-']);
  });
});

describe('the choice of a protocol', () => {
  const ids = (study: StudyFacts, priors: number, own: HangingProtocol[] = []) =>
    fittingProtocols([...own, ...SHIPPED], study, priors).map(({ id }) => id);

  it('goes by modality and the number of priors', () => {
    expect(ids(facts('CT Head', 'CT'), 0)).toEqual(['single']);
    expect(ids(facts('CT Head', 'CT'), 1)).toEqual(['ct-prior', 'single']);
    expect(ids(facts('Screening', 'MG'), 2)[0]).toBe('mg-four-views-prior');
    expect(ids(facts('Fundus', 'OP'), 3)).toEqual(['single']);
  });

  it('prefers the narrower definition', () => {
    const own = readProtocol({
      id: 'own',
      name: 'Stroke',
      layout: '2x2',
      definition: [{ modality: ['CT'], bodyPart: ['HEAD'], procedure: ['stroke'] }],
    });
    expect(ids(facts('CT head stroke protocol', 'CT'), 1, [own])[0]).toBe('own');
    expect(ids(facts('CT head', 'CT'), 1, [own])).not.toContain('own');
    expect(ids(facts('MR head stroke', 'MR'), 1, [own])).not.toContain('own');
  });
});

describe('protocol documents', () => {
  it('that come with the app are whole and named in every language', () => {
    for (const { id } of SHIPPED) {
      const name = shippedName(id);
      expect(name && CATALOGUES.en[name], id).toBeTruthy();
    }
    expect(SHIPPED.at(-1)?.definition).toEqual([]);
  });

  it('read back as they were written', () => {
    for (const protocol of SHIPPED) expect(readProtocol(JSON.parse(JSON.stringify(protocol)))).toEqual(protocol);
  });

  it('are refused by the name of the field', () => {
    const good = { id: 'a', name: 'b', layout: '1x2', displaySets: [{ imageBox: 1 }] };
    expect(readProtocol(good).displaySets).toHaveLength(1);
    const bad: Array<[unknown, RegExp]> = [
      [null, /no object/],
      [{ ...good, layout: '9x9' }, /layout/],
      [{ ...good, name: '' }, /name/],
      [{ ...good, name: 'x'.repeat(65) }, /name/],
      [{ ...good, displaySets: [{ imageBox: 3 }] }, /imageBox/],
      [{ ...good, displaySets: [{ imageBox: 1, voiType: 'NIGHT' }] }, /voiType/],
      [{ ...good, displaySets: [{ imageBox: 1, rotation: 45 }] }, /rotation/],
      [{ ...good, displaySets: [{ imageBox: 1, patientOrientation: ['X', 'F'] }] }, /patientOrientation/],
      [{ ...good, displaySets: [{ imageBox: 1, imageSet: { abstractPriorValue: 1 } }] }, /abstractPriorValue/],
      [{ ...good, definition: [{ bodyPart: ['ATLANTIS'] }] }, /bodyPart/],
      [{ ...good, definition: new Array(9).fill({}) }, /definition/],
    ];
    for (const [document, message] of bad) {
      expect(() => readProtocol(document)).toThrow(ProtocolError);
      expect(() => readProtocol(document)).toThrow(message);
    }
  });
});

describe('what a reader keeps', () => {
  const shelf = (kept: Record<string, unknown> = {}) => ({
    get: (name: string) => kept[name],
    set: (name: string, value: unknown) => {
      kept[name] = value;
    },
  });

  it('is the last choice for each kind of study', () => {
    const keeper = new KeptHanging(shelf());
    const [head, chest] = [kindOf(facts('CT Head', 'CT')), kindOf(facts('CT Chest', 'CT'))];
    expect(head).toBe('CT HEAD');
    keeper.keepChoice(head, { protocol: 'ct-prior', layout: '2x2' });
    keeper.keepChoice(chest, { layout: '1x1' });
    expect(keeper.choice(head)).toEqual({ protocol: 'ct-prior', layout: '2x2' });
    expect(keeper.choice('MR')).toEqual({});
  });

  it('does not fail over what cannot be read', () => {
    const kept = { protocols: [{ id: 'a', name: 'b', layout: '1x1' }, { id: 1 }, 'x'] };
    expect(new KeptHanging(shelf({ 'viewer.hanging': kept })).protocols().map(({ id }) => id)).toEqual(['a']);
    for (const broken of [null, 3, [], { protocols: 3 }])
      expect(new KeptHanging(shelf({ 'viewer.hanging': broken, 'viewer.layouts': broken })).protocols()).toEqual([]);
    expect(new KeptHanging(shelf({ 'viewer.layouts': { CT: { layout: '9x9' } } })).choice('CT')).toEqual({});
  });
});

describe('candidates', () => {
  const series = { series_instance_uid: '1.2', number: 1, modality: 'MG', description: '', body_part: '' } as SeriesRow;
  const detail: StudyDetail = { study: study({}), series: [series], priors: [] };
  const mammogram = (uid: string, code: string, side: string) =>
    image({
      '00080018': uid,
      '00080060': 'MG',
      '00200062': side,
      '00540220': [instance({ '00080100': code })],
    });

  it('are the single images of radiography, by side and view', () => {
    const sets = displaySetsOf([mammogram('a', '399162004', 'R'), mammogram('b', 'R-10226', 'L')]);
    expect(sets).toHaveLength(2);
    expect(candidatesOf(detail, series, 0, sets).map(({ laterality, view }) => `${laterality} ${view}`)).toEqual([
      'R CC',
      'L MLO',
    ]);
  });

  it('have the view that the object names, else that of the description', () => {
    expect(viewOf(instance({ '00185101': 'LL' }))).toBe('LATERAL');
    expect(viewOf(instance({ '0008103E': 'Thorax profil' }))).toBe('LATERAL');
    expect(viewOf(instance({ '0008103E': 'Chest PA' }))).toBe('PA');
    expect(viewOf({})).toBe('');
  });

  it('are none where there is no picture', () => {
    expect(candidatesOf(detail, { ...series, modality: 'SR' }, 0, undefined)).toEqual([]);
  });
});

describe('the turn of a picture', () => {
  const turn = (is: [string, string], wanted: [string, string]) => turnTo(is, wanted);

  it('brings the chest wall to the side that is asked for', () => {
    expect(turn(['P', 'L'], ['P', 'L'])).toEqual({ quarters: 0, flipHorizontal: false });
    expect(turn(['A', 'FR'], ['P', 'FL'])).toEqual({ quarters: 0, flipHorizontal: true });
    expect(turn(['A', 'H'], ['P', 'F'])).toEqual({ quarters: 2, flipHorizontal: false });
    expect(turn(['F', 'A'], ['A', 'F'])).toEqual({ quarters: 1, flipHorizontal: true });
  });

  it('never goes upside down for the row alone, and leaves alone what says nothing', () => {
    expect(turn(['A', ''], ['P', 'F'])).toEqual({ quarters: 0, flipHorizontal: true });
    expect(turn(['', ''], ['P', 'F'])).toEqual({ quarters: 0, flipHorizontal: false });
  });

  it('starts from the plane, or from what the object says', () => {
    expect(directionsOf(image({ '00200037': [1, 0, 0, 0, 1, 0] }), 0)).toEqual(['L', 'P']);
    expect(directionsOf(image({ '00200020': ['A', 'FR'] }), 0)).toEqual(['A', 'FR']);
    expect(directionsOf(image(), 0)).toEqual(['', '']);
  });
});
