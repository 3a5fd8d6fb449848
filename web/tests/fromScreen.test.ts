import { describe, expect, it } from 'vitest';
import type { Candidate, StudyFacts } from '../src/features/viewer/hanging/facts';
import { protocolFromScreen, type ScreenTile } from '../src/features/viewer/hanging/fromScreen';
import { hang } from '../src/features/viewer/hanging/hang';
import { readProtocol } from '../src/features/viewer/hanging/protocol';

const HEAD: StudyFacts = {
  studyUid: '1',
  moment: '20260101',
  date: '20260101',
  modalities: ['CT'],
  regions: new Set(['HEAD']),
  laterality: '',
  procedure: 'CT Head',
};

function tile(parts: Partial<Candidate>, more: Partial<ScreenTile> = {}): ScreenTile {
  const candidate: Candidate = {
    assignment: { studyUid: '1', seriesUid: parts.description ?? '', set: 0 },
    prior: 0,
    modality: 'CT',
    description: '',
    regions: new Set(),
    laterality: '',
    view: '',
    plane: 'AXIAL',
    images: 9,
    ...parts,
  };
  return { candidate, window: undefined, seen: ['L', 'P'], stored: ['L', 'P'], ...more };
}

describe('a protocol made of what is on the screen', () => {
  it('hangs the same again', () => {
    const tiles = [
      tile({ description: 'Bone' }),
      tile({ description: 'Bone', prior: 1 }),
      tile({ description: 'Brain' }),
    ];
    const protocol = protocolFromScreen('id', 'Mine', HEAD, '2x2', [...tiles, undefined], true);
    expect(readProtocol(JSON.parse(JSON.stringify(protocol)))).toEqual(protocol);
    expect(protocol).toMatchObject({ priors: 1, linked: true, layout: '2x2' });
    expect(protocol.definition).toEqual([{ modality: ['CT'], bodyPart: ['HEAD'], laterality: '', procedure: [] }]);
    const again = hang(
      protocol,
      [tiles[2], tiles[1], tiles[0]].map((one) => (one as ScreenTile).candidate),
    );
    expect(again.tiles.map((one) => one?.seriesUid)).toEqual(['Bone', 'Bone', 'Brain', undefined]);
  });

  it('has a prior beside its counterpart, even where it stands before it', () => {
    const tiles = [tile({ description: 'Brain', prior: 1 }), tile({ description: 'Brain' })];
    const { displaySets } = protocolFromScreen('id', 'Mine', HEAD, '1x2', tiles, false);
    expect(displaySets.map(({ imageBox, imageSet }) => [imageBox, imageSet.likeImageBox])).toEqual([
      [2, 0],
      [1, 2],
    ]);
  });

  it('keeps a window that has a name, and how a picture was turned', () => {
    const turned = tile({ description: 'Lung' }, { window: { center: -600, width: 1500 }, seen: ['R', 'P'] });
    const plain = tile({ description: 'Soft' }, { window: { center: 17, width: 333 } });
    const { displaySets } = protocolFromScreen('id', 'Mine', HEAD, '1x2', [turned, plain], false);
    expect(displaySets[0]).toMatchObject({ voiType: 'LUNG', patientOrientation: ['R', 'P'] });
    expect(displaySets[1]).toMatchObject({ voiType: '', patientOrientation: undefined });
  });

  it('finds mammograms by side and view, at the edge of their chest wall', () => {
    const breast = tile(
      { modality: 'MG', view: 'CC', laterality: 'R', plane: '' },
      { seen: ['P', 'L'], stored: ['P', 'L'] },
    );
    const { displaySets } = protocolFromScreen('id', 'Mine', HEAD, '1x1', [breast], false);
    expect(displaySets[0]).toMatchObject({
      imageSet: { view: ['CC'], laterality: 'R', description: [] },
      justification: 'RIGHT',
      patientOrientation: ['P', 'L'],
    });
  });
});
