export const callersText = (callers: number): string => `${callers} ${callers === 1 ? 'caller' : 'callers'}`
