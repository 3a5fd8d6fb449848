/**
 * Which region of the body words speak of: Body Part Examined (PS3.16 Annex L) and descriptions as people write them, in English,
 * French, Spanish and Latin. Regions carry the standard's defined terms. Pure.
 */

/** Words that stand for a region, without accents, in lower case; `*` at the end: as the beginning of a word. */
const WORDS = {
  HEAD: 'head brain cerebr* skull cran* cephal* encephal* neurocran* tete cerveau cabeza craneo cerebro orbit* sella* hypophys* pituitar* sinus* iac temporal facial face mandib* dental* stroke',
  NECK: 'neck cervic* thyroid* thyroid laryn* pharyn* carotid* cou cuello tiroid* parotid*',
  CHEST:
    'chest thorax thorac* thoracique torax toracic* lung* pulmon* poumon* mediastin* rib ribs cotes costillas stern* hrct pulmonary esophag* oesophag*',
  HEART: 'heart cardiac cardio* coronar* coeur corazon echocardio* aortic tte tee calcium*',
  BREAST: 'breast* mammo* mamo* mama mamas sein seins senolog* tomosynth*',
  ABDOMEN:
    'abdom* liver hepat* foie higado pancrea* spleen rate bazo kidney* renal rein reins rinon* urograph* uro gallbladder biliar* mrcp bowel* intestin* enterograph* colon* stomach estomac estomago kub adrenal* surrenal*',
  PELVIS: 'pelvi* pelvic bassin prostat* uter* ovar* bladder vessie vejiga rectum rectal rect* sacr*',
  SPINE: 'spine spinal vertebr* rachis columna column* lumb* cspine tspine lspine dorsal* disc myelo* sspine',
  SHOULDER: 'shoulder* epaule* hombro* clavic* scapul* omoplat*',
  ARM: 'arm humer* bras brazo elbow* coude* codo* forearm* antebra* avant-bras radius ulna upperarm',
  HAND: 'hand hands main mains mano manos wrist* poignet* muneca* carp* finger* doigt* dedo* thumb* scaph*',
  HIP: 'hip hips hanche* cadera*',
  LEG: 'leg legs femur* femor* thigh* cuisse* muslo* jambe* pierna* tibia* fibul* perone* calf extremit*',
  KNEE: 'knee* genou* rodilla* patell* rotul* menis*',
  FOOT: 'foot feet pied pieds pie pies ankle* cheville* tobillo* calcane* heel talon toe toes orteil* tars* metatars*',
} as const;

export type Region = keyof typeof WORDS;
export const REGIONS = Object.keys(WORDS) as Region[];

/** One stands in for several: `TAP` is chest, abdomen and pelvis. */
const SEVERAL: Readonly<Record<string, readonly Region[]>> = {
  tap: ['CHEST', 'ABDOMEN', 'PELVIS'],
  cap: ['CHEST', 'ABDOMEN', 'PELVIS'],
  torso: ['CHEST', 'ABDOMEN', 'PELVIS'],
  trunk: ['CHEST', 'ABDOMEN', 'PELVIS'],
  abdomenpelvis: ['ABDOMEN', 'PELVIS'],
  wholebody: ['HEAD', 'NECK', 'CHEST', 'ABDOMEN', 'PELVIS'],
  headneck: ['HEAD', 'NECK'],
  neckchest: ['NECK', 'CHEST'],
  chestabdomen: ['CHEST', 'ABDOMEN'],
  chestabdpelvis: ['CHEST', 'ABDOMEN', 'PELVIS'],
};

/** Regions whose pictures show some of each other. */
const NEIGHBOURS: ReadonlyArray<readonly [Region, Region]> = [
  ['HEAD', 'NECK'],
  ['NECK', 'CHEST'],
  ['CHEST', 'HEART'],
  ['CHEST', 'BREAST'],
  ['CHEST', 'ABDOMEN'],
  ['ABDOMEN', 'PELVIS'],
  ['PELVIS', 'HIP'],
  ['HIP', 'LEG'],
  ['LEG', 'KNEE'],
  ['LEG', 'FOOT'],
  ['NECK', 'SPINE'],
  ['SHOULDER', 'ARM'],
  ['ARM', 'HAND'],
];

/** A modality that looks at nothing else. */
const BY_MODALITY: Readonly<Record<string, Region>> = {
  MG: 'BREAST',
  BI: 'BREAST',
  ECG: 'HEART',
  IO: 'HEAD',
  PX: 'HEAD',
};

const exact = new Map<string, Region>();
const beginnings: Array<readonly [string, Region]> = [];
for (const region of REGIONS)
  for (const word of WORDS[region].split(' ')) {
    if (word.endsWith('*')) beginnings.push([word.slice(0, -1), region]);
    else exact.set(word, region);
  }

/** Lower case, without accents, letters and digits only, words apart. */
export function wordsOf(text: string): string[] {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

export function regionsIn(...texts: readonly string[]): Set<Region> {
  const found = new Set<Region>();
  for (const word of texts.flatMap(wordsOf)) {
    for (const region of SEVERAL[word] ?? []) found.add(region);
    const region = exact.get(word) ?? beginnings.find(([start]) => word.startsWith(start))?.[1];
    if (region) found.add(region);
  }
  // The cervical, thoracic or lumbar spine is a spine, not a neck or a chest.
  if (found.has('SPINE')) {
    found.delete('NECK');
    found.delete('CHEST');
  }
  return found;
}

export function regionOfModality(modality: string): Region | undefined {
  return BY_MODALITY[modality];
}

export function areNeighbours(one: Region, other: Region): boolean {
  return NEIGHBOURS.some(([a, b]) => (a === one && b === other) || (a === other && b === one));
}
