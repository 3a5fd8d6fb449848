/** How an image is stored, in few words: codec and what it loses. */
import { type MessageKey, t } from '../../i18n';

type Loss = 'lossless' | 'nearLossless' | 'baseline' | 'extended' | 'open';

const CODECS: Readonly<Record<string, readonly [codec: string, loss: Loss]>> = {
  '1.2.840.10008.1.2.5': ['RLE', 'open'],
  '1.2.840.10008.1.2.4.50': ['JPEG', 'baseline'],
  '1.2.840.10008.1.2.4.51': ['JPEG', 'extended'],
  '1.2.840.10008.1.2.4.57': ['JPEG', 'lossless'],
  '1.2.840.10008.1.2.4.70': ['JPEG', 'lossless'],
  '1.2.840.10008.1.2.4.80': ['JPEG-LS', 'open'],
  '1.2.840.10008.1.2.4.81': ['JPEG-LS', 'nearLossless'],
  '1.2.840.10008.1.2.4.90': ['JPEG 2000', 'lossless'],
  '1.2.840.10008.1.2.4.91': ['JPEG 2000', 'open'],
  '1.2.840.10008.1.2.4.201': ['HTJ2K', 'lossless'],
  '1.2.840.10008.1.2.4.202': ['HTJ2K', 'lossless'],
  '1.2.840.10008.1.2.4.203': ['HTJ2K', 'open'],
  '1.2.840.10008.1.2.4.110': ['JPEG XL', 'lossless'],
};
const PLAIN: Readonly<Record<string, MessageKey>> = {
  '1.2.840.10008.1.2': 'syntax.raw',
  '1.2.840.10008.1.2.1': 'syntax.raw',
  '1.2.840.10008.1.2.2': 'syntax.rawBigEndian',
  '1.2.840.10008.1.2.1.99': 'syntax.deflated',
};

/** Empty where the transfer syntax is not known. */
export function syntaxWords(uid: string): string {
  const plain = PLAIN[uid];
  if (plain) return t(plain);
  const [codec, loss] = CODECS[uid] ?? ['', 'open'];
  return loss === 'open' ? codec : t(`syntax.${loss}`, { codec });
}
