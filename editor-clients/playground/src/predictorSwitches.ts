/** The switches of the predictors, and the choice of the model. */
import { colour, predictors, setPredictors } from "./colours";
import { element } from "./elements";
import type { Model, Status } from "./server";

/** The predictor of word-level models. */
const WORDS = "words";
/** The predictor that learns from typing beyond a sitting. */
const NETWORK = "network";

type Options = Readonly<Record<string, unknown>>;

export class PredictorSwitches {
  private readonly list = element("predictors", HTMLUListElement);
  private readonly models = element("model", HTMLSelectElement);
  private options: Readonly<Record<string, Options>> = {};
  private active = new Set<string>();

  /** `onChange` is called after the user has changed a switch or the model. */
  constructor(private readonly onChange: () => void) {
    this.models.addEventListener("change", onChange);
  }

  /** Show the predictors that the server has loaded, and the models on this machine. */
  fill(status: Status, models: readonly Model[], options: Readonly<Record<string, Options>>): void {
    const [wordModel] = models.filter(({ unit }) => unit === "word");
    const isAdded = wordModel !== undefined && !status.predictors.includes(WORDS);
    this.options = { ...options, ...(isAdded && { [WORDS]: { model: wordModel.name } }) };
    this.active = new Set(status.predictors);
    setPredictors(isAdded ? [...status.predictors, WORDS] : status.predictors);
    this.list.replaceChildren(...predictors().map((name) => this.item(name)));
    this.keepOne();
    this.fillModels(status.model, models);
  }

  /**
   * Return the settings that this choice makes; none before `fill`. In a demonstration, the network
   * learns nothing: what it learns is kept, and would make the next one look better.
   */
  settings(isDemo: boolean): object {
    if (this.active.size === 0) {
      return {};
    }
    const chosen = Object.fromEntries(
      this.names().map((name) => {
        const learning = isDemo && name === NETWORK ? { learn: false } : {};
        return [name, { ...this.options[name], ...learning }];
      }),
    );
    return { predictors: chosen, model: this.models.value === "" ? null : this.models.value };
  }

  /** Return the names of the active predictors, in their order. */
  names(): string[] {
    return predictors().filter((name) => this.active.has(name));
  }

  /** Return the name of the chosen model. */
  model(): string {
    return this.models.selectedOptions[0]?.text ?? "";
  }

  private fillModels(path: string | null, models: readonly Model[]): void {
    const inUse = path?.split(/[\\/]/).pop()?.replace(/\.onnx$/, "") ?? "none";
    const others = models.filter(({ name, unit }) => unit === "byte" && name !== inUse);
    this.models.replaceChildren(new Option(inUse, ""), ...others.map(({ name }) => new Option(name, name)));
    this.models.disabled = others.length === 0;
  }

  private item(name: string): HTMLLIElement {
    const item = document.createElement("li");
    const label = item.appendChild(document.createElement("label"));
    const input = label.appendChild(document.createElement("input"));
    input.type = "checkbox";
    input.name = name;
    input.autocomplete = "off";
    input.checked = this.active.has(name);
    input.addEventListener("change", () => {
      this.turn(name, input.checked);
    });
    const scale = label.appendChild(document.createElement("i"));
    scale.style.setProperty("--hue", colour(name));
    label.append(name);
    return item;
  }

  private turn(name: string, isOn: boolean): void {
    if (isOn) {
      this.active.add(name);
    } else {
      this.active.delete(name);
    }
    this.keepOne();
    this.onChange();
  }

  /** Lock the switch of the last active predictor: without any, nothing is predicted. */
  private keepOne(): void {
    for (const input of this.list.querySelectorAll("input")) {
      input.disabled = input.checked && this.active.size === 1;
    }
  }
}
