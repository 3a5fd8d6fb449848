import { useEffect, useState } from 'react';

/** The time, in milliseconds since 1970-01-01 UTC, by the second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
