/** The texts to try, written for this page: none of them was in a model's training. */

export interface Example {
  name: string;
  /** The language identifier, as editors name it. */
  language: string;
  text: string;
}

/** Demonstrates each of its statements. */
const WELCOME = `Write here, and see how each letter was foreseen.

Blue letters come from a small network, which has read a great deal of English: it knows how most words end. Green letters come from a table of the phrases in it. Orange letters come from your own text. The first time that you write to my friend Philippa Wainwright, her name is a surprise. The second time that you write to my friend Philippa Wainwright, her name is foreseen.

Pale letters came as a surprise, and deep ones were certain. Now write to my friend `;

const STORY = `The lighthouse at Corran Point had been dark for eleven years when Isobel Drummond bought it from the harbour board for the price of a second-hand car. She had never lived by the sea. She had never lived anywhere with a door of her own, and on the first night she slept on the floor of the lamp room, because it was the only place from which she could see all of it at once.

In the morning the man from the harbour board came back with a letter. "There is one condition that nobody has told you about," he said. "Whoever owns the lighthouse at Corran Point has to light the lamp on the last night of the year. It is in the deed, and it has been there since the beginning."

Isobel Drummond read the letter twice. Then she went up to the lamp room and looked at the lamp for a long time. She had never mended anything in her life, but the last night of the year was a long way off, and she thought that she would like to see the harbour from here when it was lit.
`;

const PYTHON = `"""Counts the words of a text file."""

import sys
from collections import Counter
from pathlib import Path


def read_words(path: Path) -> list[str]:
    """Return the words of a file, in lower case."""
    text = path.read_text(encoding="utf-8")
    return [word.strip(".,;:!?").lower() for word in text.split()]


def count_words(words: list[str]) -> Counter[str]:
    """Return how often each word occurs."""
    counts: Counter[str] = Counter()
    for word in words:
        if word:
            counts[word] += 1
    return counts


def main() -> None:
    if len(sys.argv) != 2:
        print("usage: count_words.py FILE")
        sys.exit(2)
    counts = count_words(read_words(Path(sys.argv[1])))
    for word, count in counts.most_common(10):
        print(f"{count:6} {word}")


if __name__ == "__main__":
    main()
`;

const EMAIL = `Hi Margarethe,

Thank you for sending the drawings of the conservatory. I have looked at them together with Tobias, and we both like the second version better: the conservatory gets more light in the afternoon, and the door is in the right place.

I have two questions before we go on. Could you let me know how much the second version would cost, and how long it would take? We would like to have the conservatory finished before the end of September, if that is possible. And do we need the permission of the neighbours, or is it enough to let them know?

Please let me know when you have time for a call. Tuesday or Wednesday afternoon would work for us, and if that is too soon, the week after would be fine as well.

Thank you again, and best wishes,
Henrike
`;

const GERMAN = `Liebe Frau Hagedorn,

vielen Dank für Ihre Einladung zum Sommerfest der Gärtnerei. Wir kommen sehr gern und bringen auch die Kinder mit. Könnten Sie mir bitte noch sagen, wann das Sommerfest der Gärtnerei beginnt und ob wir etwas mitbringen sollen? Ich würde einen Kuchen backen, wenn Sie nichts dagegen haben.

Im letzten Jahr haben uns die Rosen besonders gut gefallen. Wenn es möglich ist, würden wir in diesem Jahr gern ein paar Rosen für unseren Garten mitnehmen. Vielleicht können Sie uns sagen, welche Rosen auch im Schatten wachsen, denn in unserem Garten gibt es leider nicht viel Sonne.

Mit freundlichen Grüßen
Ihre Familie Brockmann
`;

const FRENCH = `Chère Madame Delacourt,

Je vous remercie de votre lettre et des photographies de la maison. Nous avons beaucoup aimé le jardin, et la cuisine est plus grande que nous ne l'avions pensé. Est-ce que la maison est encore libre au mois de juillet ? Nous voudrions y passer deux semaines avec nos enfants.

Est-ce que vous pourriez aussi nous dire s'il y a un marché dans le village, et si l'on peut aller à la plage à pied ? Nous n'avons pas de voiture, mais nous aimons beaucoup marcher.

Je vous remercie d'avance de votre réponse, et je vous prie d'agréer, chère Madame Delacourt, l'expression de mes sentiments les meilleurs.
`;

const SPANISH = `Hola, Remedios:

Muchas gracias por el libro que me has enviado. Todavía no he tenido tiempo de leerlo todo, pero el primer capítulo me ha gustado mucho, y creo que lo voy a terminar este fin de semana. ¿Has leído los otros libros de la misma autora? Si te parece bien, podemos hablar de todo esto cuando nos veamos en Zaragoza.

Por cierto, ya tengo el billete de tren. Llego a Zaragoza el viernes por la tarde, a las seis y media, y me quedo hasta el domingo. Si tienes tiempo, podemos cenar juntos el viernes, y el sábado por la mañana me gustaría ver el mercado.

Un abrazo muy fuerte,
Leocadia
`;

const NOTES = "plaintext";

/** The examples by their keys; the first is the text that the page begins with. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  welcome: { name: "Welcome", language: NOTES, text: WELCOME },
  story: { name: "A story", language: NOTES, text: STORY },
  email: { name: "An e-mail", language: NOTES, text: EMAIL },
  python: { name: "Python", language: "python", text: PYTHON },
  german: { name: "Deutsch", language: NOTES, text: GERMAN },
  french: { name: "Français", language: NOTES, text: FRENCH },
  spanish: { name: "Español", language: NOTES, text: SPANISH },
  blank: { name: "Blank page", language: NOTES, text: "" },
};

export const WELCOME_TEXT = WELCOME;
