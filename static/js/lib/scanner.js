// Looks through the camera for a QR code. The browser reads it where it can, else the decoder that the page names.

const QR = "qr_code";
const LOOK_EVERY = 150;
const CAMERA = { video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false };
const CODES = { NotAllowedError: "denied", SecurityError: "denied", NotReadableError: "busy", AbortError: "busy" };

// Why there is no picture. `code`: denied, none, busy, or no_decoder where the server has none.
export class CameraRefused extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.code = code;
  }
}

// One look: after `stop` make another one.
export class Scanner {
  onText = null;
  #video;
  #stream = null;
  #isStopped = false;
  #next = 0;

  // `video` names the decoder's module by data-decoder.
  constructor(video) {
    this.#video = video;
  }

  async start() {
    const detector = await detectorOr(this.#video.dataset.decoder);
    const stream = await camera();
    // The person may have gone on while the browser asked them.
    if (this.#isStopped) return end(stream);
    this.#stream = stream;
    await this.#show(stream);
    this.#look(detector);
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#next);
    if (this.#stream) end(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  async #show(stream) {
    this.#video.srcObject = stream;
    // Without it an iPhone shows the picture in a player of its own.
    this.#video.playsInline = true;
    try {
      await this.#video.play();
    } catch (cause) {
      if (!this.#isStopped) throw new CameraRefused("busy", cause);
    }
  }

  async #look(detector) {
    const text = await textIn(this.#video, detector);
    if (this.#isStopped) return;
    if (text) this.onText?.(text);
    this.#next = setTimeout(() => this.#look(detector), LOOK_EVERY);
  }
}

async function detectorOr(decoder) {
  const native = globalThis.BarcodeDetector;
  if ((await native?.getSupportedFormats())?.includes(QR)) return new native({ formats: [QR] });
  if (!decoder) throw new CameraRefused("no_decoder");
  try {
    const { BarcodeDetector } = await import(decoder);
    return new BarcodeDetector({ formats: [QR] });
  } catch (cause) {
    throw new CameraRefused("no_decoder", cause);
  }
}

async function camera() {
  if (!navigator.mediaDevices) throw new CameraRefused("none");
  try {
    return await navigator.mediaDevices.getUserMedia(CAMERA);
  } catch (cause) {
    throw new CameraRefused(CODES[cause.name] ?? "none", cause);
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

async function textIn(video, detector) {
  try {
    const [found] = await detector.detect(video);
    return found?.rawValue ?? "";
  } catch {
    // No picture yet: the camera is warming up.
    return "";
  }
}
