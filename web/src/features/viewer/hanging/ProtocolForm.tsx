import { useId, useState } from 'react';
import { t } from '../../../i18n';
import { LAYOUTS, type Layout, tileCount } from '../layout';
import { REGIONS, type Region } from './bodyPart';
import { type Definition, type HangingProtocol, MOST_PRIORS, SIDES } from './protocol';

const EVERY: Definition = { modality: [], bodyPart: [], laterality: '', procedure: [] };

interface Props {
  protocol: HangingProtocol;
  readOnly: boolean;
  onChange: (protocol: HangingProtocol) => void;
}

/** Name, conditions and layout. A protocol with several definitions keeps the others; the first is edited. */
export function ProtocolForm({ protocol, readOnly, onChange }: Props) {
  const [definition = EVERY, ...others] = protocol.definition;
  const id = useId();
  const define = (part: Partial<Definition>): void =>
    onChange({ ...protocol, definition: [{ ...definition, ...part }, ...others] });
  const toggle = (region: Region): void =>
    define({
      bodyPart: definition.bodyPart.includes(region)
        ? definition.bodyPart.filter((one) => one !== region)
        : [...definition.bodyPart, region],
    });
  const setLayout = (layout: Layout): void =>
    onChange({ ...protocol, layout, displaySets: inLayout(protocol.displaySets, tileCount(layout)) });
  return (
    <fieldset className="hanging-form" disabled={readOnly}>
      <label htmlFor={`${id}-name`}>{t('hanging.name')}</label>
      <input
        id={`${id}-name`}
        maxLength={64}
        value={protocol.name}
        onChange={(event) => onChange({ ...protocol, name: event.target.value })}
      />
      <span className="hanging-heading">{t('hanging.when')}</span>
      <label htmlFor={`${id}-modality`}>{t('hanging.modality')}</label>
      <WordField id={`${id}-modality`} words={definition.modality} onWords={(modality) => define({ modality })} upper />
      <span>{t('hanging.bodyPart')}</span>
      <span className="hanging-regions">
        {REGIONS.map((region) => (
          <button
            type="button"
            key={region}
            className="chip"
            aria-pressed={definition.bodyPart.includes(region)}
            onClick={() => toggle(region)}
          >
            {t(`hanging.region.${region}`)}
          </button>
        ))}
      </span>
      <label htmlFor={`${id}-side`}>{t('hanging.side')}</label>
      <select
        id={`${id}-side`}
        className="select"
        value={definition.laterality}
        onChange={(event) => define({ laterality: event.target.value as Definition['laterality'] })}
      >
        <option value="">{t('hanging.any')}</option>
        {SIDES.map((side) => (
          <option key={side} value={side}>
            {t(`hanging.side.${side}`)}
          </option>
        ))}
      </select>
      <label htmlFor={`${id}-procedure`}>{t('hanging.procedure')}</label>
      <WordField id={`${id}-procedure`} words={definition.procedure} onWords={(procedure) => define({ procedure })} />
      <label htmlFor={`${id}-priors`}>{t('hanging.priors')}</label>
      <select
        id={`${id}-priors`}
        className="select"
        value={protocol.priors}
        onChange={(event) => onChange(withPriors(protocol, Number(event.target.value)))}
      >
        {Array.from({ length: MOST_PRIORS + 1 }, (_, count) => count).map((count) => (
          <option key={count} value={count}>
            {count}
          </option>
        ))}
      </select>
      <span className="hanging-heading">{t('hanging.how')}</span>
      <label htmlFor={`${id}-layout`}>{t('layout.choose')}</label>
      <select
        id={`${id}-layout`}
        className="select"
        value={protocol.layout}
        onChange={(event) => setLayout(event.target.value as Layout)}
      >
        {LAYOUTS.map((layout) => (
          <option key={layout} value={layout}>
            {layout.replace('x', ' × ')}
          </option>
        ))}
      </select>
      <label htmlFor={`${id}-linked`}>{t('hanging.linked')}</label>
      <input
        id={`${id}-linked`}
        type="checkbox"
        checked={protocol.linked}
        onChange={(event) => onChange({ ...protocol, linked: event.target.checked })}
      />
    </fieldset>
  );
}

/** What no longer has a tile is left out; what is like it stands for itself. */
function inLayout(rules: HangingProtocol['displaySets'], boxes: number): HangingProtocol['displaySets'] {
  return rules
    .filter((rule) => rule.imageBox <= boxes)
    .map((rule) =>
      rule.imageSet.likeImageBox > boxes ? { ...rule, imageSet: { ...rule.imageSet, likeImageBox: 0 } } : rule,
    );
}

function withPriors(protocol: HangingProtocol, priors: number): HangingProtocol {
  const displaySets = protocol.displaySets.map((rule) => {
    const abstractPriorValue = Math.min(rule.imageSet.abstractPriorValue, priors);
    return { ...rule, imageSet: { ...rule.imageSet, abstractPriorValue } };
  });
  return { ...protocol, priors, displaySets };
}

interface WordFieldProps {
  id: string;
  words: readonly string[];
  onWords: (words: string[]) => void;
  upper?: boolean;
}

/** Words with commas between them. */
export function WordField({ id, words, onWords, upper = false }: WordFieldProps) {
  const [typed, setTyped] = useState(words.join(', '));
  return (
    <input
      id={id}
      maxLength={400}
      value={typed}
      placeholder={t('hanging.any')}
      onChange={(event) => {
        const text = upper ? event.target.value.toUpperCase() : event.target.value;
        setTyped(text);
        onWords(
          text
            .split(',')
            .map((word) => word.trim())
            .filter(Boolean),
        );
      }}
    />
  );
}
