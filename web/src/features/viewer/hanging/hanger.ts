/** Hangs a study: chooses the protocol, fills the tiles, brings the priors in, and keeps what the reader chose. */
import type { StudyDetail, StudyRow } from '../../../api/types';
import { directionsOf } from '../../../imaging/arrangement';
import { type Layout, tileCount } from '../layout';
import { seriesInOrder, type ViewerSession } from '../session';
import { type Candidate, candidatesOf, factsOfStudy, type StudyFacts } from './facts';
import { protocolFromScreen, type ScreenTile } from './fromScreen';
import { asksForObjects, fittingProtocols, hang } from './hang';
import { KeptHanging, kindOf } from './kept';
import type { HangingProtocol } from './protocol';
import { byRelevance, isComparable } from './relevance';
import { SHIPPED } from './shipped';

/** Series whose objects are looked at before a study is hung by its views. */
const MOST_SERIES = 24;

export interface RankedPrior {
  study: StudyRow;
  facts: StudyFacts;
  comparable: boolean;
}

export class Hanger {
  readonly study: StudyFacts;
  /** Most relevant first. */
  readonly priors: readonly RankedPrior[];
  private round = 0;
  private current: HangingProtocol | undefined;
  /** The reader's last layout, where the study was opened in it and not in that of its protocol. */
  keptLayout: Layout | undefined;
  /** Tiles, by position, for which a prior is on its way. */
  private awaited: ReadonlySet<number> = new Set();

  constructor(
    private readonly session: ViewerSession,
    private readonly kept = new KeptHanging(),
  ) {
    const { main } = session;
    this.study = factsOfStudy(main.study, main.series);
    const ranked = main.priors.map((study) => {
      const facts = factsOfStudy(study);
      return { study, facts, comparable: isComparable(this.study, facts) };
    });
    this.priors = byRelevance(this.study, ranked);
  }

  /** The reader's own before those that come with the app. */
  all(): HangingProtocol[] {
    return [...this.kept.protocols(), ...SHIPPED];
  }

  own(): HangingProtocol[] {
    return this.kept.protocols();
  }

  keepOwn(protocols: readonly HangingProtocol[]): void {
    this.kept.keepProtocols(protocols);
  }

  fitting(): HangingProtocol[] {
    const comparable = this.priors.filter((prior) => prior.comparable).length;
    const own = this.kept.protocols();
    return [...fittingProtocols(own, this.study, comparable), ...fittingProtocols(SHIPPED, this.study, comparable)];
  }

  currentId(): string {
    return this.current?.id ?? '';
  }

  /** Hangs the study that was opened. asked: the protocol that the address names; else what the reader last chose, else what fits best. */
  async begin(asked = ''): Promise<void> {
    const round = this.next();
    const choice = asked ? {} : this.kept.choice(kindOf(this.study));
    const wanted = asked || choice.protocol;
    const fitting = this.fitting();
    // What was chosen last time counts where it fits; what the address asks for, always.
    const first = [...fitting, ...(asked ? this.all() : [])].find((one) => one.id === wanted);
    for (const protocol of first ? [first, ...fitting] : fitting) {
      if (await this.place(protocol, round, protocol === fitting.at(-1))) break;
      if (round !== this.round) return;
    }
    const { layout } = this.session.getState();
    if (round === this.round && choice.layout && choice.layout !== layout) {
      this.keptLayout = choice.layout;
      this.applyLayout(choice.layout);
    }
    this.session.endHanging();
  }

  /** Gives up the layout that was kept: the study hangs as its protocol says, and so next time. */
  async forgetLayout(): Promise<void> {
    this.keptLayout = undefined;
    if (this.current) await this.choose(this.current);
  }

  /** By the reader's wish, and so next time. */
  async choose(protocol: HangingProtocol): Promise<void> {
    this.kept.keepChoice(kindOf(this.study), { protocol: protocol.id });
    await this.place(protocol, this.next(), true);
  }

  /** Only to see how it looks. */
  async try(protocol: HangingProtocol): Promise<void> {
    await this.place(protocol, this.next(), true);
  }

  /** By the reader's wish, and so next time. */
  chooseLayout(layout: Layout): void {
    this.kept.keepChoice(kindOf(this.study), { protocol: this.current?.id, layout });
    this.applyLayout(layout);
  }

  /** A protocol of what is on the screen, under a name of its own. */
  fromScreen(name: string): HangingProtocol {
    const { layout, tiles, studies } = this.session.getState();
    const shown = tiles.slice(0, tileCount(layout));
    const ranks = this.priors.map(({ study }) => study.study_instance_uid);
    const priors = ranks.filter((uid) => shown.some((tile) => tile?.studyUid === uid));
    const screen = shown.map((tile, position): ScreenTile | undefined => {
      const detail = tile && studies[tile.studyUid];
      const state = this.session.tileAt(position)?.getState();
      if (!detail || !state?.instance) return undefined;
      const candidate = this.candidatesOf(detail, priors.indexOf(tile.studyUid) + 1).find(
        ({ assignment }) => assignment.seriesUid === tile.seriesUid && assignment.set === tile.set,
      );
      if (!candidate) return undefined;
      const { letters, window, displaySet, index } = state;
      const stored = directionsOf(state.instance, (displaySet?.slices[index]?.frame ?? 1) - 1);
      return { candidate, window, seen: [letters.right, letters.bottom], stored };
    });
    const { slices } = this.session.stage.links.getState();
    return protocolFromScreen(crypto.randomUUID(), name, this.study, layout, screen, slices);
  }

  private applyLayout(layout: Layout): void {
    this.session.setLayout(layout, this.awaited);
    if (layout === '1x2' && this.awaited.size === 0 && !this.session.getState().tiles[1]) void this.showPriorBeside();
  }

  private next(): number {
    this.round += 1;
    return this.round;
  }

  /** Resolves to false where the protocol has too little to show. anyway: it is hung all the same. */
  private async place(protocol: HangingProtocol, round: number, anyway: boolean): Promise<boolean> {
    if (asksForObjects(protocol, this.study)) {
      await this.readObjects(this.session.main);
      if (round !== this.round) return false;
    }
    const candidates = this.candidatesOf(this.session.main, 0);
    const hung = hang(protocol, candidates);
    if (!hung.complete && !anyway) return false;
    this.current = protocol;
    this.session.lay(protocol.layout, hung.tiles);
    this.session.stage.links.linkSlices(protocol.linked);
    this.awaited = new Set(
      protocol.displaySets
        .filter(({ imageSet }) => imageSet.abstractPriorValue > 0)
        .map(({ imageBox }) => imageBox - 1),
    );
    void this.placePriors(protocol, candidates, round);
    return true;
  }

  private async placePriors(protocol: HangingProtocol, candidates: readonly Candidate[], round: number): Promise<void> {
    let known = [...candidates];
    const wanted = this.priors.filter((prior) => prior.comparable).slice(0, protocol.priors);
    for (const [at, prior] of wanted.entries()) {
      const detail = await this.read(prior.study.study_instance_uid);
      if (detail && asksForObjects(protocol, this.study)) await this.readObjects(detail);
      if (round !== this.round) return;
      if (!detail) continue;
      known = [...known, ...this.candidatesOf(detail, at + 1)];
      this.session.fill(hang(protocol, known).tiles);
    }
    this.awaited = new Set();
  }

  /** The most relevant prior goes into the second of two tiles, while that is empty. */
  private async showPriorBeside(): Promise<void> {
    const [prior] = this.priors.filter(({ comparable }) => comparable);
    const detail = prior && (await this.read(prior.study.study_instance_uid));
    const [series] = detail ? this.candidatesOf(detail, 1) : [];
    if (series && this.session.getState().layout !== '1x1') this.session.fill([undefined, series.assignment]);
  }

  private async read(studyUid: string): Promise<StudyDetail | undefined> {
    try {
      await this.session.openStudy(studyUid);
    } catch {
      // The rail says it when the prior is opened by hand.
    }
    return this.session.getState().studies[studyUid];
  }

  /** A series that cannot be read says so in its tile. */
  private async readObjects(detail: StudyDetail): Promise<void> {
    const studyUid = detail.study.study_instance_uid;
    const series = seriesInOrder(detail).slice(0, MOST_SERIES);
    await Promise.allSettled(series.map((row) => this.session.loadSeries(studyUid, row.series_instance_uid)));
  }

  private candidatesOf(detail: StudyDetail, prior: number): Candidate[] {
    const { sets } = this.session.getState();
    return seriesInOrder(detail).flatMap((row) => candidatesOf(detail, row, prior, sets[row.series_instance_uid]));
  }
}
