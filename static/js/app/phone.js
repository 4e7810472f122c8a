// What this phone calls itself until its person names it.

const SYSTEMS = [
  ["iPhone", "ios-web", /iPhone/],
  ["iPad", "ios-web", /iPad/],
  ["Android", "android-web", /Android/],
  ["Windows", "desktop-web", /Windows/],
  ["Mac", "desktop-web", /Macintosh/],
  ["ChromeOS", "desktop-web", /CrOS/],
  ["Linux", "desktop-web", /Linux/],
];
const LONGEST_MODEL = 30;

/** {name, platform}: "Pixel 8" where the browser tells its model, else the system's name. */
export async function describe() {
  const [system, platform] = SYSTEMS.find(([, , pattern]) => pattern.test(navigator.userAgent)) ?? ["", "other-web"];
  return { name: (await model()) || system || "Phone", platform };
}

async function model() {
  try {
    const told = await navigator.userAgentData?.getHighEntropyValues(["model"]);
    return told?.model.slice(0, LONGEST_MODEL) ?? "";
  } catch {
    return "";
  }
}
