const side = 256;

/** What a node takes, in bytes. */
const most = 64 * 1024;

/** A picture of one's own as others see it: the middle of it, a square of 256 pixels. Nothing else of the file is sent. */
export async function shrink(file: Blob): Promise<Blob> {
  const image = await createImageBitmap(file);
  const cut = Math.min(image.width, image.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  context.fillStyle = "#fff"; // JPEG has no transparency
  context.fillRect(0, 0, side, side);
  context.drawImage(image, (image.width - cut) / 2, (image.height - cut) / 2, cut, cut, 0, 0, side, side);
  image.close();
  for (const quality of [0.86, 0.7, 0.5]) {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob !== null && blob.size <= most) return blob;
  }
  throw new Error("a picture that cannot be made small");
}
