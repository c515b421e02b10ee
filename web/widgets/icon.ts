// Outlines in a box of 16 by 16.
const paths = {
  play: 'M4.5 2.5v11l9-5.5z',
  pause: 'M4 2.5h3v11H4zM9 2.5h3v11H9z',
  previous: 'M12.5 3v10L6 8zM3.5 3H5v10H3.5z',
  next: 'M3.5 3v10L10 8zM11 3h1.5v10H11z',
  previousSpike: 'M11.5 3v10L6.5 8zM6.5 3v10L1.5 8zM13 2l1.5 3L13 14z',
  nextSpike: 'M4.5 3v10l5-5zM9.5 3v10l5-5zM3 2L1.5 5 3 14z',
  branch: 'M3 2h1.6v6.4h5.2V6l4 3.2-4 3.2v-2.4H3z',
  loop: 'M4 5h7V3l3.5 3L11 9V7H5v2H3V6a1 1 0 0 1 1-1zM12 11H5v2L1.5 10 5 7v2h6V7h2v3a1 1 0 0 1-1 1z',
}

/** Names of the pictures on buttons. */
export type IconName = keyof typeof paths

/** A picture that takes the colour of its text. A reader is told nothing of it: the button has a name. */
export function makeIcon(name: IconName): SVGElement {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg') as SVGElement
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(document.createElementNS(space, 'path'))
  setIcon(svg, name)
  return svg
}

/** Shows another picture in one that is there. */
export function setIcon(svg: SVGElement, name: IconName): void {
  svg.firstElementChild!.setAttribute('d', paths[name])
}
