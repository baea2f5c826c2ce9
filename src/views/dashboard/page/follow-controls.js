import { createFollow } from './log-follow.js'

/**
 * Follows as `createFollow` does, with the button that switches it and the one that leads back to the end.
 * @param {HTMLElement} box what scrolls @param {HTMLElement} content what grows in it
 * @param {HTMLButtonElement} button @param {HTMLButtonElement} jump
 * @param {() => void} toEnd shows the end, and follows it
 */
export function createFollowControls(box, content, button, jump, toEnd) {
  const follow = createFollow(box, content, (follows) => {
    button.ariaPressed = String(follows)
    jump.hidden = follows
  })
  // What scrolls must be within reach of the keyboard.
  box.tabIndex = 0
  button.addEventListener('click', () => (follow.follows ? follow.set(false) : toEnd()))
  jump.addEventListener('click', () => {
    toEnd()
    box.focus()
  })
  return follow
}
