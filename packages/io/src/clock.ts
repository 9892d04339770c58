// The two clocks. Wall time stamps records and may jump; monotonic time measures waits and never goes back.

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start, with fractions; never decreases. */
  monotonicMs(): number;
}
