import { useId, useState } from 'react';
import { t } from '../../../i18n';
import { shapeOf, tileCount } from '../layout';
import { WordField } from './ProtocolForm';
import {
  type DisplaySetRule,
  type HangingProtocol,
  type ImageSet,
  JUSTIFICATIONS,
  PLANES,
  ROTATIONS,
  SIDES,
  VOI_TYPES,
} from './protocol';

interface Props {
  protocol: HangingProtocol;
  readOnly: boolean;
  onChange: (protocol: HangingProtocol) => void;
}

const NEW: Omit<DisplaySetRule, 'imageBox'> = {
  imageSet: {
    abstractPriorValue: 0,
    modality: [],
    description: [],
    view: [],
    laterality: '',
    plane: '',
    likeImageBox: 0,
  },
  required: false,
  voiType: '',
  patientOrientation: undefined,
  justification: '',
  flipHorizontal: false,
  rotation: 0,
};

/** The tiles as they lie; below them, what goes into the chosen one. */
export function TileForm({ protocol, readOnly, onChange }: Props) {
  const [box, setBox] = useState(1);
  const { columns } = shapeOf(protocol.layout);
  const count = tileCount(protocol.layout);
  const chosen = Math.min(box, count);
  const rule = protocol.displaySets.find((one) => one.imageBox === chosen);
  const put = (next: DisplaySetRule | undefined): void => {
    const at = protocol.displaySets.findIndex((one) => one.imageBox === chosen);
    const displaySets = [...protocol.displaySets];
    if (at < 0 && next) displaySets.push(next);
    else if (at >= 0) displaySets.splice(at, 1, ...(next ? [next] : []));
    onChange({ ...protocol, displaySets });
  };
  return (
    <div className="hanging-tiles">
      <div className="hanging-map" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
        {Array.from({ length: count }, (_, at) => at + 1).map((number) => (
          <button
            type="button"
            key={number}
            className="hanging-box"
            aria-pressed={number === chosen}
            onClick={() => setBox(number)}
          >
            {number}: {summary(protocol.displaySets.find((one) => one.imageBox === number))}
          </button>
        ))}
      </div>
      <fieldset className="hanging-form" disabled={readOnly} key={`${protocol.id} ${chosen}`}>
        {rule ? (
          <RuleFields rule={rule} protocol={protocol} onChange={put} onEmpty={() => put(undefined)} />
        ) : (
          <button type="button" className="button" onClick={() => put({ ...NEW, imageBox: chosen })}>
            {t('hanging.fillTile')}
          </button>
        )}
      </fieldset>
    </div>
  );
}

/** `Prior 1 · MG R CC`, for instance. */
function summary(rule: DisplaySetRule | undefined): string {
  if (!rule) return t('hanging.emptyTile');
  const { imageSet } = rule;
  const words = [...imageSet.modality, imageSet.laterality, ...imageSet.view, imageSet.plane, ...imageSet.description];
  const like = imageSet.likeImageBox ? t('hanging.likeShort', { tile: imageSet.likeImageBox }) : '';
  return [studyName(imageSet.abstractPriorValue), words.filter(Boolean).join(' '), like].filter(Boolean).join(' · ');
}

function studyName(prior: number): string {
  return prior === 0 ? t('hanging.thisStudy') : t('hanging.prior', { number: prior });
}

interface RuleProps {
  rule: DisplaySetRule;
  protocol: HangingProtocol;
  onChange: (rule: DisplaySetRule) => void;
  onEmpty: () => void;
}

function RuleFields({ rule, protocol, onChange, onEmpty }: RuleProps) {
  const id = useId();
  const { imageSet } = rule;
  const of = (part: Partial<ImageSet>): void => onChange({ ...rule, imageSet: { ...imageSet, ...part } });
  const earlier = protocol.displaySets.slice(0, protocol.displaySets.indexOf(rule)).map((one) => one.imageBox);
  return (
    <>
      <Choice
        label={t('hanging.study')}
        value={String(imageSet.abstractPriorValue)}
        options={Array.from({ length: protocol.priors + 1 }, (_, prior) => [String(prior), studyName(prior)])}
        onChoose={(prior) => of({ abstractPriorValue: Number(prior) })}
      />
      <label htmlFor={`${id}-modality`}>{t('hanging.modality')}</label>
      <WordField id={`${id}-modality`} words={imageSet.modality} onWords={(modality) => of({ modality })} upper />
      <label htmlFor={`${id}-series`}>{t('hanging.series')}</label>
      <WordField id={`${id}-series`} words={imageSet.description} onWords={(description) => of({ description })} />
      <label htmlFor={`${id}-view`}>{t('hanging.view')}</label>
      <WordField id={`${id}-view`} words={imageSet.view} onWords={(view) => of({ view })} upper />
      <Choice
        label={t('hanging.side')}
        value={imageSet.laterality}
        options={[['', t('hanging.any')], ...SIDES.map((side) => [side, t(`hanging.side.${side}`)] as const)]}
        onChoose={(laterality) => of({ laterality: laterality as ImageSet['laterality'] })}
      />
      <Choice
        label={t('hanging.plane')}
        value={imageSet.plane}
        options={[['', t('hanging.any')], ...PLANES.map((plane) => [plane, t(`hanging.plane.${plane}`)] as const)]}
        onChoose={(plane) => of({ plane: plane as ImageSet['plane'] })}
      />
      <Choice
        label={t('hanging.like')}
        value={String(imageSet.likeImageBox)}
        options={[['0', '–'], ...earlier.map((tile) => [String(tile), t('hanging.tile', { tile })] as const)]}
        onChoose={(tile) => of({ likeImageBox: Number(tile) })}
      />
      <Choice
        label={t('group.window')}
        value={rule.voiType}
        options={[
          ['', t('preset.fromFile')],
          ...Object.entries(VOI_TYPES).map(
            ([name, { center, width }]) => [name, `${name.replace('_', ' ')} (W ${width} C ${center})`] as const,
          ),
        ]}
        onChoose={(voiType) => onChange({ ...rule, voiType: voiType as DisplaySetRule['voiType'] })}
      />
      <Orientation rule={rule} onChange={onChange} />
      <Choice
        label={t('hanging.justification')}
        value={rule.justification}
        options={[
          ['', t('hanging.middle')],
          ...JUSTIFICATIONS.map((edge) => [edge, t(`hanging.justification.${edge}`)] as const),
        ]}
        onChoose={(edge) => onChange({ ...rule, justification: edge as DisplaySetRule['justification'] })}
      />
      <Choice
        label={t('hanging.rotation')}
        value={String(rule.rotation)}
        options={ROTATIONS.map((degrees) => [String(degrees), `${degrees}°`])}
        onChoose={(degrees) => onChange({ ...rule, rotation: Number(degrees) as DisplaySetRule['rotation'] })}
      />
      <label htmlFor={`${id}-flip`}>{t('cmd.flipHorizontal')}</label>
      <input
        id={`${id}-flip`}
        type="checkbox"
        checked={rule.flipHorizontal}
        onChange={(event) => onChange({ ...rule, flipHorizontal: event.target.checked })}
      />
      <label htmlFor={`${id}-required`}>{t('hanging.required')}</label>
      <input
        id={`${id}-required`}
        type="checkbox"
        checked={rule.required}
        onChange={(event) => onChange({ ...rule, required: event.target.checked })}
      />
      <button type="button" className="button" onClick={onEmpty}>
        {t('hanging.clearTile')}
      </button>
    </>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: ReadonlyArray<readonly [string, string]>;
  onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <select id={id} className="select" value={value} onChange={(event) => onChoose(event.target.value)}>
        {options.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
    </>
  );
}

/** Letters such as `P` and `FL`; what is no pair of them yet is kept as it is typed, and not hung by. */
function Orientation({ rule, onChange }: Pick<RuleProps, 'rule' | 'onChange'>) {
  const id = useId();
  const [typed, setTyped] = useState(rule.patientOrientation?.join(', ') ?? '');
  return (
    <>
      <label htmlFor={id}>{t('hanging.orientation')}</label>
      <input
        id={id}
        maxLength={12}
        value={typed}
        placeholder={t('hanging.asStored')}
        onChange={(event) => {
          const text = event.target.value.toUpperCase();
          setTyped(text);
          const pair = /^\s*([LRAPHF]{1,3})\s*[,\s]\s*([LRAPHF]{1,3})\s*$/.exec(text);
          onChange({ ...rule, patientOrientation: pair ? [pair[1] as string, pair[2] as string] : undefined });
        }}
      />
    </>
  );
}
