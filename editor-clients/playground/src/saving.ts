/** Saves a picture as an SVG or a PNG file. Nothing leaves the machine. */
import { cssFont, type Picture } from "./picture";

/** Pixels of a PNG for each pixel of the picture. */
const SCALE = 2;
/** Milliseconds for which the browser may read the file. */
const DOWNLOAD_TIME = 60_000;

/** Have the browser download the picture as `foretype.svg` or `foretype.png`. */
export async function savePicture(picture: Picture, kind: "png" | "svg"): Promise<void> {
  const content = kind === "svg" ? new Blob([toSvg(picture)], { type: "image/svg+xml" }) : await toPng(picture);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = `foretype.${kind}`;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, DOWNLOAD_TIME);
}

/** Return the picture as an SVG document. */
function toSvg({ width, height, rectangles, lines }: Picture): string {
  const shapes = rectangles.map(
    (one) =>
      `<rect x="${round(one.x)}" y="${round(one.y)}" width="${round(one.width)}" height="${round(one.height)}"` +
      ` rx="${one.radius}" fill="${one.fill}" fill-opacity="${round(one.opacity)}"/>`,
  );
  // With textLength, the letters keep to their tints in a reader's other font.
  const texts = lines.map(
    ({ x, y, width: length, text, font, fill }) =>
      `<text x="${round(x)}" y="${round(y)}" textLength="${round(length)}" xml:space="preserve" fill="${fill}"` +
      ` font-size="${font.size}" font-weight="${font.weight}" font-family="${escaped(font.family)}">${escaped(text)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    ...shapes,
    ...texts,
    "</svg>\n",
  ].join("\n");
}

/** Return the picture as a PNG file. */
async function toPng({ width, height, rectangles, lines }: Picture): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = SCALE * width;
  canvas.height = SCALE * height;
  const context = canvas.getContext("2d");
  if (!context) {
    throw new Error("this browser draws no pictures");
  }
  context.scale(SCALE, SCALE);
  for (const one of rectangles) {
    context.globalAlpha = one.opacity;
    context.fillStyle = one.fill;
    context.beginPath();
    context.roundRect(one.x, one.y, one.width, one.height, one.radius);
    context.fill();
  }
  context.globalAlpha = 1;
  for (const one of lines) {
    context.font = cssFont(one.font);
    context.fillStyle = one.fill;
    context.fillText(one.text, one.x, one.y);
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) {
        resolve(blob);
      } else {
        reject(new Error("the picture is too large"));
      }
    }, "image/png");
  });
}

function round(value: number): string {
  return `${Math.round(100 * value) / 100}`;
}

/** Return `text` for XML, without the control characters that XML forbids. */
function escaped(text: string): string {
  const allowed = Array.from(text, (character) => (character < " " ? " " : character)).join("");
  return allowed.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
