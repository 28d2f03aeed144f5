export const greeting = (names) => `Hello ${names.join(" and ")}`;
