/** Which files a zip had better keep as they are: their formats are compressed in themselves. */

const COMPRESSED = new Set(
  [
    ['jpg', 'jpeg', 'jpe', 'png', 'gif', 'webp', 'heic', 'heif', 'avif', 'jxl', 'jp2'],
    ['mp3', 'm4a', 'aac', 'ogg', 'oga', 'opus', 'flac', 'wma', 'amr'],
    ['mp4', 'm4v', 'mov', 'webm', 'mkv', 'avi', 'wmv', 'mpg', 'mpeg', '3gp'],
    ['zip', 'gz', 'tgz', 'bz2', 'xz', '7z', 'rar', 'zst', 'jar', 'apk', 'kmz'],
    ['docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'epub', 'pdf', 'parquet'],
  ].flat(),
);

/** By the extension of a file's name. */
export function isCompressed(name: string): boolean {
  const extension = /\.([^./]+)$/.exec(name)?.[1];
  return extension !== undefined && COMPRESSED.has(extension.toLowerCase());
}
