import { useState } from 'react';

/** The thumbnail, enlarged, until the picture itself is there. */
export function Preview({ address }: { address: string }) {
  const [shown, setShown] = useState(false);
  return (
    <img
      className={`tile-preview${shown ? ' tile-preview-on' : ''}`}
      src={address}
      alt=""
      onLoad={() => setShown(true)}
    />
  );
}
