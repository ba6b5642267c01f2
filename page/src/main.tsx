import { render } from "preact";
import { App } from "./app";
import { begun } from "./start";
import "./tokens.css";
import "./style.css";

const MOST = 50; // milliseconds that the first answer is waited for, so that it is drawn at once and not after an empty page

const draw = () => render(<App />, document.getElementById("app")!);
Promise.race([begun.answer, new Promise((done) => setTimeout(done, MOST))]).then(draw, draw);
