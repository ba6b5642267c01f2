import { render } from "preact";
import { App } from "./app";
import { begun } from "./start";
import "./tokens.css";
import "./style.css";

// an answer that is there already is drawn at once, and not after an empty page
const draw = () => render(<App />, document.getElementById("app")!);
Promise.race([begun.answer, new Promise((done) => setTimeout(done))]).then(draw, draw);
