// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/gui/composition.h"
#include "tests/support/driver_faults.h"

#include <QTemporaryDir>

#include <memory>
#include <optional>

namespace moescope::test {

/** large_like, converted once. */
QString goldenModel();

/** large_like with another chat template, converted into `folder`. */
QString modelWithTemplate(const QString& folder, const QString& jinja);

/** The app with a data folder of its own and a small model. */
struct App {
    /** `memory_bytes`: of the device, at most; 0: what is free. */
    explicit App(const QString& folder, const QString& model = goldenModel(), quint64 memory_bytes = 0);

    bool waitForModel();
    /** Of an app that shows no capture yet, with a model or without. False: it was not open in time. */
    bool openCapture(const QString& path);
    /** The store has answered everything so far and its answers were taken. */
    void settle();
    /** As if it was typed and Enter pressed; waits for the end of the answer. False: it did not end in time. */
    bool ask(const QString& text);
    /** The same without waiting. */
    void send(const QString& text);
    bool waitForAnswer();
    /** Sends a question whose answer, at a high temperature, is mostly long, and does not wait for it. */
    void askForLong(std::optional<quint64> seed = {});
    /** Answers of at most 40 tokens from here on, so that more turns fit the small context. */
    void answerBriefly();
    QList<ui::MessageView> messages() const;
    /** The button that sends is off, and its words hold `part`. */
    bool saysWhyNothingIsSent(const QString& part) const;
    /** Some label in the window holds `part` and can be seen. */
    bool shows(const QString& part) const;

    gui::Composition composition;
};

/** While it lives an answer lasts, however fast the machine is. Make it after waitForModel(). */
class SlowAnswers {
public:
    SlowAnswers();

private:
    DriverFaults m_driver;
};

} // namespace moescope::test
