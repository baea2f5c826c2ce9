/** How near to the end counts as the end, in pixels. */
const NEAR_PX = 24
/** How long a turn of the wheel, a key or a finger may go on to move what it moved. */
const MOMENTUM_MS = 300
/** Which way a key scrolls. @type {Readonly<Record<string, 'up' | 'down'>>} */
const KEYS = {
  ArrowUp: 'up',
  PageUp: 'up',
  Home: 'up',
  ArrowDown: 'down',
  PageDown: 'down',
  End: 'down',
}

/**
 * Keeps the end of a growing text in sight, or, while it does not, the line that is read in its place. Only what a person
 * does to the box changes between the two: scroll events come from layout as well, so they are never asked who scrolled.
 * @param {HTMLElement} box what scrolls @param {HTMLElement} content what grows in it: chunks of lines
 * @param {(follows: boolean) => void} tell
 */
export function createFollow(box, content, tell) {
  let follows = true
  let isPressed = false
  /** A person's way down goes on until then. */
  let downUntil = 0
  /** How far a person has scrolled, and at which sizes of the box and of what is in it. */
  let seen = { top: 0, width: 0, height: 0, all: 0 }
  let fingerY = 0
  /** The line that is read, and where in the box. @type {{ line: Element, y: number } | null} */
  let anchor = null

  const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX

  /** @param {boolean} wanted */
  function set(wanted) {
    follows = wanted
    downUntil = 0
    if (wanted) settle()
    else look()
    tell(wanted)
  }

  function up() {
    downUntil = 0
    if (follows && box.scrollTop > 0) set(false)
  }

  function down() {
    if (follows) return
    downUntil = performance.now() + MOMENTUM_MS
    if (isAtEnd()) set(true)
  }

  /** Puts things back where they were, after whatever has changed their sizes. */
  function settle() {
    if (follows) box.scrollTop = box.scrollHeight
    else if (anchor?.line.isConnected) {
      const { line, y } = anchor
      box.scrollTop += line.getBoundingClientRect().top - y
      // Another one would be taken where this one became so small that it is just out of sight.
      if (Math.abs(line.getBoundingClientRect().top - y) < 1) return measure()
    }
    look()
  }

  function measure() {
    seen = { top: box.scrollTop, width: box.clientWidth, height: box.clientHeight, all: box.scrollHeight }
  }

  /** Remembers how things stand. */
  function look() {
    measure()
    const { top } = box.getBoundingClientRect()
    const chunk = firstBelow([...content.children], top)
    const line = chunk && firstBelow([...chunk.children], top)
    anchor = line ? { line, y: line.getBoundingClientRect().top } : null
  }

  function scrolled() {
    const { top, width, height, all } = seen
    const isSameBox = box.clientWidth === width && box.clientHeight === height
    // What became shorter scrolls, too.
    if (!isSameBox || (!follows && box.scrollHeight < all)) settle()
    else if (!follows && box.scrollTop === top) return
    else if (follows && !isAtEnd()) {
      if (isPressed && box.scrollTop < top) set(false)
      else settle()
    } else if (!follows) {
      const isDown = performance.now() < downUntil || (isPressed && box.scrollTop > top)
      if (isDown && isAtEnd()) set(true)
      else if (isDown) downUntil = performance.now() + MOMENTUM_MS
      look()
    } else look()
  }

  /** @param {WheelEvent} event */
  function turned({ deltaX, deltaY, ctrlKey, shiftKey }) {
    // With Ctrl it changes the size of the page.
    if (ctrlKey || shiftKey || Math.abs(deltaY) <= Math.abs(deltaX)) return
    if (deltaY < 0) up()
    else down()
  }

  /** @param {TouchEvent} event */
  function touched({ type, touches }) {
    const [finger, ...others] = touches
    if (!finger || others.length > 0) return
    const by = finger.clientY - fingerY
    fingerY = finger.clientY
    if (type === 'touchstart' || by === 0) return
    if (by > 0) up()
    else down()
  }

  /** @param {KeyboardEvent} event */
  function typed({ key, shiftKey, altKey, target }) {
    if (altKey || target instanceof HTMLInputElement) return
    const way = key === ' ' ? (shiftKey ? 'up' : 'down') : KEYS[key]
    if (way === 'up') up()
    else if (way === 'down') down()
  }

  /** @param {PointerEvent} event */
  function pointed({ type, pointerType, buttons }) {
    if (type === 'pointerdown') isPressed = pointerType === 'mouse'
    else if (buttons === 0) isPressed = false
  }

  const ending = new AbortController()
  const { signal } = ending
  const quietly = { signal, passive: true }
  box.addEventListener('wheel', turned, quietly)
  box.addEventListener('touchstart', touched, quietly)
  box.addEventListener('touchmove', touched, quietly)
  box.addEventListener('keydown', typed, { signal })
  // Whoever holds the scrollbar, or selects text beyond the edge, moves the box without any of those.
  box.addEventListener('pointerdown', pointed, { signal })
  addEventListener('pointermove', pointed, quietly)
  addEventListener('pointerup', pointed, quietly)
  box.addEventListener('scroll', scrolled, quietly)
  const sizes = new ResizeObserver(settle)
  sizes.observe(content)
  sizes.observe(box)

  return {
    set,
    settle,
    get follows() {
      return follows
    },
    /** Shows a line in the middle, where it is not in sight; and follows no more. @param {Element} line */
    show(line) {
      set(false)
      const { top, bottom } = box.getBoundingClientRect()
      const place = line.getBoundingClientRect()
      if (place.top < top || place.bottom > bottom) line.scrollIntoView({ block: 'center' })
      look()
    },
    /** The line that is read, and where it stands in the window. */
    held: () => anchor,
    /** Takes this line for the one that is read. @param {Element} line @param {number} y where it stands in the window */
    hold(line, y) {
      anchor = { line, y }
      settle()
    },
    close() {
      ending.abort()
      sizes.disconnect()
    },
  }
}

/** The first of boxes below each other that reaches below a height. @param {Element[]} boxes @param {number} y */
function firstBelow(boxes, y) {
  let low = 0
  for (let high = boxes.length; low < high; ) {
    const middle = Math.floor((low + high) / 2)
    if (Number(boxes[middle]?.getBoundingClientRect().bottom) > y) high = middle
    else low = middle + 1
  }
  return boxes[low]
}
