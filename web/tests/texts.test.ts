import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../src/api/client';
import type { ContentItem } from '../src/api/types';
import { reasonText } from '../src/features/upload/UploadZone';
import { valueText as documentValue } from '../src/features/viewer/annotations/documentText';
import { lengthLabel } from '../src/features/viewer/corner';
import { syntaxWords } from '../src/features/viewer/syntaxWords';
import { CATALOGUES, type CountedKey, chooseLanguage, LANGUAGES, type MessageKey, tCount } from '../src/i18n';
import { frenchSpaces } from '../src/i18n/frenchSpaces';
import { valueText } from '../src/imaging/measuredText';
import { bytes, withDecimalSign } from '../src/ui/format';
import { reasonOf } from '../src/ui/reason';
import { seriesName } from '../src/ui/seriesName';

const NO_BREAK = '\u00a0';
const NARROW = '\u202f';
const keys = Object.keys(CATALOGUES.en) as MessageKey[];
const counted = keys.filter((key): key is CountedKey => `${key}.one` in CATALOGUES.en);

beforeAll(() => vi.stubGlobal('document', { documentElement: { lang: '' } }));
afterAll(() => {
  chooseLanguage('en');
  vi.unstubAllGlobals();
});

describe('messages about a number of things', () => {
  it('have the form of the language, and its digits', () => {
    const said = (number: number) => tCount('worklist.count', number);
    chooseLanguage('en');
    expect([0, 1, 2, 1200].map(said)).toEqual(['0 studies', '1 study', '2 studies', '1,200 studies']);
    chooseLanguage('fr');
    expect([0, 1, 2, 1200].map(said)).toEqual(['0 examen', '1 examen', '2 examens', `1${NARROW}200 examens`]);
    chooseLanguage('es');
    expect([0, 1, 2].map(said)).toEqual(['0 estudios', '1 estudio', '2 estudios']);
  });

  it('take other values beside the number, and another way to write it', () => {
    chooseLanguage('en');
    expect(tCount('upload.progress', 1, { done: '0', bytes: '5 kB' })).toBe('0 of 1 file, 5 kB');
    expect(tCount('worklist.count', 5000, { count: '5000+' })).toBe('5000+ studies');
  });

  it('differ for one and for several in Spanish, or say the same thing of both', () => {
    const alike = counted.filter((key) => CATALOGUES.es[key] === CATALOGUES.es[`${key}.one`]);
    expect(alike).toEqual(['bulk.more']);
  });

  it('have a singular, unless what is said is the same of one, or it never is one', () => {
    const WITHOUT: Record<string, readonly MessageKey[]> = {
      'a unit follows, or a figure stands alone': [
        'admin.associations.hours',
        'admin.associations.minutes',
        'admin.associations.seconds',
        'admin.inMinutes',
        'admin.inSeconds',
        'admin.queue.cancelChosen',
        'admin.queue.retryChosen',
        'age.days',
        'calibrate.perMm',
        'measure.unsaved',
        'mpr.gapAfter',
        'viewer.days',
        'viewer.frame',
        'viewer.image',
        'viewer.minutes',
      ],
      'a limit or a choice, larger than one': [
        'admin.rejected.most',
        'admin.tokens.days',
        'bulk.export.most',
        'hanging.full',
      ],
      'a volume has three slices or more': ['mpr.geometry', 'mpr.volumeName'],
      'a shorter time is told in days, or in months': ['age.years', 'viewer.months', 'viewer.years'],
    };
    const without = keys.filter(
      (key) => CATALOGUES.en[key].includes('{count}') && !key.endsWith('.one') && !(`${key}.one` in CATALOGUES.en),
    );
    expect(without.sort()).toEqual(Object.values(WITHOUT).flat().sort());
  });

  it('never write two forms into one', () => {
    for (const language of LANGUAGES) {
      expect(
        Object.values(CATALOGUES[language]).filter((text) => /\p{L}\((?:s|es|e)\)\P{L}/u.test(`${text} `)),
      ).toEqual(language === 'fr' ? [CATALOGUES.fr['viewer.dob']] : []);
    }
  });
});

describe('numbers', () => {
  it('have the decimal sign of the language, where they are numbers', () => {
    const written = ['38.8', '-0.5', '1e-7', '1.5e-7', '300', '1.2.840', '10.0.0.1', 'v1.5'];
    chooseLanguage('en');
    expect(written.map(withDecimalSign)).toEqual(written);
    for (const language of ['fr', 'es'] as const) {
      chooseLanguage(language);
      expect(written.map(withDecimalSign)).toEqual([
        '38,8',
        '-0,5',
        '1e-7',
        '1,5e-7',
        '300',
        '1.2.840',
        '10.0.0.1',
        'v1.5',
      ]);
    }
  });

  it('are so in measurements, in corners and in reports, with the unit of the language', () => {
    chooseLanguage('fr');
    expect(valueText({ name: 'length', value: 38.8, unit: 'mm' })).toBe('38,8 mm');
    expect(valueText({ name: 'mean', value: 63.25, unit: "[hnsf'U]" })).toBe('63,3 UH');
    expect(lengthLabel(2.5)).toBe('2,5 mm');
    expect(
      documentValue({ value_type: 'NUM', value: '34.9603510895885', unit: 'Hounsfield unit' } as ContentItem),
    ).toBe('34,96 UH');
    expect(bytes(8_800_000)).toBe(`8,8${NO_BREAK}Mo`);
    chooseLanguage('es');
    expect(bytes(8_800_000)).toBe(`8,8${NO_BREAK}MB`);
  });
});

describe('what the server says in codes', () => {
  it('is told in the language; other words of the server stand as they are', () => {
    chooseLanguage('fr');
    expect(reasonOf(new ApiError(409, 'already-exists', "there is a user 'admin' already"))).toBe(
      'Ce nom est déjà pris.',
    );
    expect(reasonOf(new ApiError(502, 'peer-failed', 'Connection refused'))).toBe(
      `Le nœud n’a pas répondu comme il faut${NO_BREAK}: Connection refused`,
    );
    expect(reasonOf(new ApiError(400, 'invalid-input', 'a port is needed'))).toBe('a port is needed');
    expect(reasonOf(new ApiError(500, 'http_500', ''))).toContain('(500)');
    expect(reasonOf(new Error('broken'))).toBe('Error: broken');
  });

  it('says why files were rejected, and only then what the server says', () => {
    chooseLanguage('fr');
    expect(reasonText({ name: 'a', reason: '', code: '0xC000' })).toBe('Illisible comme DICOM.');
    expect(reasonText({ name: 'a', reason: 'no pixel data', code: '0xA900' })).toBe(
      'Ne correspond pas à la classe ou à l’examen annoncés. no pixel data',
    );
    expect(reasonText({ name: 'a', reason: 'this needs a role', code: 'access-denied' })).toContain(
      'Action non autorisée.',
    );
    expect(reasonText({ name: 'a', reason: '', code: '0x0122' })).toBe('Refusé par l’archive (statut 0x0122).');
  });

  it('names transfer syntaxes', () => {
    chooseLanguage('es');
    const words = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.91', '1.2.3'].map(
      syntaxWords,
    );
    expect(words).toEqual(['sin comprimir', 'HTJ2K sin pérdida', 'JPEG 2000', '']);
  });

  it('names our own series, and nobody else’s', () => {
    chooseLanguage('fr');
    expect(seriesName('SR', 'Measurements')).toBe('Mesures');
    expect(seriesName('KO', 'Key images')).toBe('Images clés');
    expect(seriesName('CT', 'Measurements')).toBe('Measurements');
    expect(seriesName('SR', 'measurements')).toBe('measurements');
  });
});

describe('French spaces', () => {
  it('do not break before signs, within quotation marks and before units', () => {
    expect(frenchSpaces('Démo : « vue » ; sûr ? Oui ! 5 % de {mm} mm')).toBe(
      `Démo${NO_BREAK}: «${NO_BREAK}vue${NO_BREAK}»${NARROW}; sûr${NARROW}? Oui${NARROW}! 5${NARROW}% de {mm}${NARROW}mm`,
    );
  });

  it('leave alone what is not French: addresses, times, words that begin like a unit', () => {
    for (const text of ['http://host:8080', '18:00-07:00', '3 signes', '12 derniers mois', 'Authorization: Bearer'])
      expect(frenchSpaces(text)).toBe(text);
  });

  it('are in every text', () => {
    const breaking = Object.values(CATALOGUES.fr).filter((text) => / (?:[:;?!%](?:\s|$)|»)|« |[\d}] mm\b/.test(text));
    expect(breaking).toEqual([]);
    expect(CATALOGUES.fr['app.openAccess']).toBe(`Accès libre${NO_BREAK}: sans connexion`);
  });
});
