import { saveBlob } from './save-blob.ts'

/** Saves a figure as it is printed: light, whatever the page's theme. The element's own attributes say all of its look. */
export function saveSvg(svg: SVGSVGElement, name: string): void {
  saveBlob(new Blob([printed(svg)], { type: 'image/svg+xml' }), `${name}.svg`)
}

/** Saves a figure as a picture of three times its size, on white. Rejects when the browser cannot draw it. */
export async function savePng(svg: SVGSVGElement, name: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([printed(svg)], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = 3 * svg.width.baseVal.value
    canvas.height = 3 * svg.height.baseVal.value
    const context = canvas.getContext('2d')!
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>(resolve => canvas.toBlob(resolve))
    if (!blob) throw new Error('the browser could not make a picture of the figure; save it as SVG')
    saveBlob(blob, `${name}.png`)
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** The figure without what the page laid over it. */
function printed(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  for (const mark of copy.querySelectorAll('.selection')) mark.remove()
  return copy.outerHTML
}
