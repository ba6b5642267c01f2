/** The browser's own formats of numbers, made once. The first takes a browser 10 ms and more: start.ts makes it while its
 * request is under way. */
const once = (options: Intl.NumberFormatOptions): (() => Intl.NumberFormat) => {
  let made: Intl.NumberFormat | undefined;
  return () => (made ??= new Intl.NumberFormat(undefined, options));
};

/** Every digit. */
export const full = once({ maximumFractionDigits: 0 });
/** Three digits. */
export const two = once({ minimumFractionDigits: 0, maximumSignificantDigits: 3 });
