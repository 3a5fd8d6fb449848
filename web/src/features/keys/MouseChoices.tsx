import { usePreference } from '../../api/preferences';
import { t } from '../../i18n';
import { BUTTONS, checkMouse, type MouseChoice, USUAL_MOUSE, WHEEL_ACTIONS, WHEELS } from '../../imaging/mouse';
import { TOOL_NAMES } from '../../imaging/toolNames';
import { TOOL_TITLES } from '../../imaging/toolTitles';

/** Which tool each button of the mouse has, and what the wheel does. */
export function MouseChoices() {
  const [mouse, setMouse] = usePreference('viewer.mouse', USUAL_MOUSE, checkMouse);
  const choose = (part: object): void => setMouse({ ...mouse, ...part });
  const unchanged = (Object.keys(USUAL_MOUSE) as Array<keyof MouseChoice>).every(
    (part) => mouse[part] === USUAL_MOUSE[part],
  );
  return (
    <section className="keys-mouse" aria-label={t('keys.mouse')}>
      <h3>{t('keys.mouse')}</h3>
      {BUTTONS.map((button) => (
        <label key={button}>
          {t(`keys.mouse.${button}`)}
          <select
            className="select"
            value={mouse[button]}
            onChange={(event) => choose({ [button]: event.target.value })}
          >
            {TOOL_NAMES.map((tool) => (
              <option key={tool} value={tool}>
                {t(TOOL_TITLES[tool])}
              </option>
            ))}
          </select>
        </label>
      ))}
      {WHEELS.map((wheel) => (
        <label key={wheel}>
          {t(`keys.mouse.${wheel}`)}
          <select className="select" value={mouse[wheel]} onChange={(event) => choose({ [wheel]: event.target.value })}>
            {WHEEL_ACTIONS.map((action) => (
              <option key={action} value={action}>
                {t(`help.wheel.${action}`)}
              </option>
            ))}
          </select>
        </label>
      ))}
      <button type="button" className="button" disabled={unchanged} onClick={() => setMouse(undefined)}>
        {t('keys.resetMouse')}
      </button>
    </section>
  );
}
