/** The default text of the editor, which demonstrates each of its statements. */
export const WELCOME = `Write here, and see how each letter was foreseen.

Blue letters come from a small network, which has read a great deal of English: it knows how most words end. Orange letters come from your own text. The first time that you write to my friend Philippa Wainwright, her name is a surprise. The second time that you write to my friend Philippa Wainwright, her name is foreseen.

Pale letters came as a surprise, and deep ones were certain. Now write to my friend `;
